/** Adds drafts from an index on. */
const appendEvents = `
CREATE OR REPLACE FUNCTION parley.append_events(p_room text, p_first integer, p_drafts jsonb) RETURNS void LANGUAGE sql AS $$
  INSERT INTO parley.events (room_id, index, id, type, status, parent_event_id, idempotency_key, doc)
  SELECT p_room, p_first + (position - 1)::integer, d->>'id', d->>'type', d->>'status', d->>'parentEventId', d->>'idempotencyKey', d
  FROM jsonb_array_elements(p_drafts) WITH ORDINALITY AS t(d, position)
$$`

/**
 * The fast path of a commit: drafts, receipts and a fencing token. `p_activity` is the commit's instant in ms, or null
 * when nothing counts as activity. Answers with the room as it is afterwards.
 */
const appendCommit = `
CREATE OR REPLACE FUNCTION parley.append_commit(p_room text, p_drafts jsonb, p_activity bigint, p_receipts jsonb, p_fence_key text, p_fence_value bigint,
  OUT outcome text, OUT doc jsonb, OUT event_count integer, OUT latest_index integer, OUT delivered_index integer, OUT last_activity bigint)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
  added integer := jsonb_array_length(p_drafts);
BEGIN
  UPDATE parley.room_counters c SET event_count = c.event_count + added, latest_index = c.latest_index + added,
    last_activity = coalesce(p_activity, c.last_activity),
    fences = CASE WHEN p_fence_key IS NULL THEN c.fences ELSE c.fences || jsonb_build_object(p_fence_key, p_fence_value) END
  WHERE c.room_id = p_room AND (p_fence_key IS NULL OR coalesce((c.fences->>p_fence_key)::bigint, p_fence_value) <= p_fence_value)
  RETURNING c.event_count, c.latest_index, c.delivered_index, c.last_activity INTO event_count, latest_index, delivered_index, last_activity;
  IF NOT FOUND THEN
    outcome := CASE WHEN EXISTS (SELECT 1 FROM parley.room_counters c WHERE c.room_id = p_room) THEN 'fence' ELSE 'missing' END;
    RETURN;
  END IF;
  INSERT INTO parley.events (room_id, index, id, type, status, parent_event_id, idempotency_key, doc)
  SELECT p_room, latest_index - added + position::integer, d->>'id', d->>'type', d->>'status', d->>'parentEventId', d->>'idempotencyKey', d
  FROM jsonb_array_elements(p_drafts) WITH ORDINALITY AS t(d, position);
  IF p_receipts IS NOT NULL THEN
    INSERT INTO parley.records (family, scope, id, doc) SELECT 'receipts', p_room, v->>'id', v FROM jsonb_array_elements(p_receipts) AS v;
  END IF;
  SELECT r.doc INTO doc FROM parley.rooms r WHERE r.id = p_room;
  outcome := 'done';
END $$`

/** Shows the effects of drafts on their targets (EV-4). What was deleted or redacted stays so. */
const applyEffects = `
CREATE OR REPLACE FUNCTION parley.apply_effects(p_room text, p_first integer, p_drafts jsonb, p_effects jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  e jsonb;
  mark jsonb;
  target parley.events;
  shown jsonb;
  names jsonb;
  reactions jsonb;
BEGIN
  FOR e IN SELECT * FROM jsonb_array_elements(p_effects) LOOP
    SELECT * INTO target FROM parley.events WHERE room_id = p_room AND id = e->>'targetEventId' FOR UPDATE;
    shown := coalesce(target.view, '{}');
    mark := jsonb_build_object('at', p_drafts->((e->>'draft')::integer)->'createdAt', 'byIndex', p_first + (e->>'draft')::integer);
    IF e->>'kind' = 'reaction' THEN
      names := coalesce(shown#>ARRAY['reactions', e->>'emoji'], '[]') - (e->>'by');
      IF NOT e ? 'remove' THEN names := names || jsonb_build_array(e->'by'); END IF;
      reactions := coalesce(shown->'reactions', '{}') - (e->>'emoji');
      IF names <> '[]' THEN reactions := reactions || jsonb_build_object(e->>'emoji', names); END IF;
      shown := shown - 'reactions';
      IF reactions <> '{}' THEN shown := shown || jsonb_build_object('reactions', reactions); END IF;
    ELSIF shown ? 'deleted' OR target.doc ? 'redacted' THEN
      CONTINUE;
    ELSIF e->>'kind' = 'edit' THEN
      shown := shown || jsonb_build_object('content', e->'content', 'edited', mark);
    ELSE
      shown := shown || jsonb_build_object('content', '{"type":"redacted"}'::jsonb, 'source', (target.doc->'source') - 'raw',
        'deleted', mark || jsonb_build_object('kind', e->'by'));
    END IF;
    UPDATE parley.events SET view = nullif(shown, '{}') WHERE room_id = p_room AND index = target.index;
  END LOOP;
END $$`

/** What forbids a commit: a stale compare-and-set, a request that is not open, an unknown target. Null when nothing does. */
const checkCommit = `
CREATE OR REPLACE FUNCTION parley.check_commit(p_room text, p_before jsonb, p_also jsonb) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  IF coalesce((p_before#>>'{conversation,version}')::integer, 0) <> (p_also->>'expectedConversation')::integer THEN RETURN 'conversation'; END IF;
  IF (p_before->>'version')::integer <> (p_also->>'expectedVersion')::integer THEN RETURN 'room'; END IF;
  IF p_also ? 'requests' AND EXISTS (
    SELECT 1 FROM jsonb_array_elements(p_also->'requests') AS q
    LEFT JOIN parley.records s ON s.family = 'requests' AND s.scope = p_room AND s.id = q->>'id'
    WHERE coalesce(s.doc->>'status', q#>>'{doc,status}') <> 'open'
  ) THEN RETURN 'request'; END IF;
  IF p_also ? 'effects' AND EXISTS (
    SELECT 1 FROM jsonb_array_elements(p_also->'effects') AS x
    WHERE NOT EXISTS (SELECT 1 FROM parley.events e WHERE e.room_id = p_room AND e.id = x->>'targetEventId')
  ) THEN RETURN 'target'; END IF;
  RETURN NULL;
END $$`

/**
 * A commit with anything beside its drafts. All checks come before the first change, under the lock of the counters'
 * row. `p_also`: create, createdMs, changes, expectedVersion, expectedConversation, receipts, requests, tasks, observations, effects, fence.
 */
const fullCommit = `
CREATE OR REPLACE FUNCTION parley.full_commit(p_room text, p_drafts jsonb, p_activity bigint, p_now text, p_also jsonb,
  OUT outcome text, OUT detail text, OUT doc jsonb, OUT event_count integer, OUT latest_index integer, OUT delivered_index integer, OUT last_activity bigint)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
  c parley.room_counters;
  before jsonb;
  created boolean := false;
  added integer := jsonb_array_length(p_drafts);
  fence_key text := p_also#>>'{fence,key}';
  fence_value bigint := (p_also#>>'{fence,value}')::bigint;
BEGIN
  IF p_also ? 'create' THEN
    -- Who asks what became of a creation waits for this lock, since there is no row to wait for.
    PERFORM pg_advisory_xact_lock(hashtextextended(p_room, 0));
    created := parley.add_room(p_also->'create', (p_also->>'createdMs')::bigint);
  END IF;
  SELECT * INTO c FROM parley.room_counters k WHERE k.room_id = p_room FOR UPDATE;
  IF NOT FOUND THEN outcome := 'missing'; RETURN; END IF;
  IF NOT created THEN
    IF EXISTS (SELECT 1 FROM parley.events e WHERE e.room_id = p_room AND e.id = p_drafts->0->>'id') THEN outcome := 'repeated'; RETURN; END IF;
    IF coalesce((c.fences->>fence_key)::bigint, fence_value) > fence_value THEN outcome := 'fence'; RETURN; END IF;
    SELECT e.id INTO detail FROM parley.events e JOIN jsonb_array_elements(p_drafts) AS d ON e.idempotency_key = d->>'idempotencyKey'
    WHERE e.room_id = p_room LIMIT 1;
    IF FOUND THEN outcome := 'duplicate'; RETURN; END IF;
    IF p_also ? 'create' THEN outcome := 'room'; RETURN; END IF;
  END IF;
  SELECT r.doc INTO before FROM parley.rooms r WHERE r.id = p_room;
  outcome := parley.check_commit(p_room, before, p_also);
  IF outcome IS NOT NULL THEN
    -- Leaving normally would keep a room that was only planned.
    IF created THEN RAISE EXCEPTION USING ERRCODE = 'PY002', MESSAGE = outcome; END IF;
    RETURN;
  END IF;

  UPDATE parley.room_counters k SET event_count = k.event_count + added, latest_index = k.latest_index + added,
    last_activity = coalesce(p_activity, k.last_activity),
    fences = CASE WHEN fence_key IS NULL THEN k.fences ELSE k.fences || jsonb_build_object(fence_key, fence_value) END
  WHERE k.room_id = p_room
  RETURNING k.event_count, k.latest_index, k.delivered_index, k.last_activity INTO event_count, latest_index, delivered_index, last_activity;
  PERFORM parley.append_events(p_room, c.latest_index + 1, p_drafts);
  doc := before;
  IF p_also ? 'changes' THEN
    doc := parley.change_room(before, p_also->'changes', p_now);
    IF doc IS DISTINCT FROM before THEN PERFORM parley.save_room(doc, last_activity); END IF;
    PERFORM parley.write_roster(p_room, p_also->'changes', p_now);
  END IF;
  IF p_also ? 'effects' THEN PERFORM parley.apply_effects(p_room, c.latest_index + 1, p_drafts, p_also->'effects'); END IF;
  IF p_also ? 'receipts' THEN PERFORM parley.write_records('receipts', p_also->'receipts'); END IF;
  IF p_also ? 'requests' THEN PERFORM parley.write_records('requests', p_also->'requests'); END IF;
  IF p_also ? 'tasks' THEN PERFORM parley.write_records('tasks', p_also->'tasks'); END IF;
  IF p_also ? 'observations' THEN PERFORM parley.write_records('observations', p_also->'observations'); END IF;
  outcome := 'done';
END $$`

export const commitFunctions: readonly string[] = [appendEvents, appendCommit, applyEffects, checkCommit, fullCommit]
