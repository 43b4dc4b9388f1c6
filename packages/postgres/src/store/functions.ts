/**
 * Functions of the conversation store. A commit is one call and so one round trip and one statement: whatever fails in
 * it leaves nothing. They take and give plain JSON; instants come from the caller's clock.
 */
import { commitFunctions } from './commit-functions.ts'

const dueAt = `
CREATE OR REPLACE FUNCTION parley.due_at(p_doc jsonb, p_last_activity bigint) RETURNS bigint LANGUAGE sql STABLE AS $$
  SELECT ceil(CASE p_doc->>'status'
    WHEN 'active' THEN p_last_activity + coalesce((p_doc#>>'{timers,inactiveAfterMs}')::numeric, (p_doc#>>'{timers,closedAfterMs}')::numeric)
    WHEN 'paused' THEN (p_doc#>>'{timers,closedAfterMs}')::numeric
      + coalesce(extract(epoch FROM (p_doc->>'pausedAt')::timestamptz) * 1000, p_last_activity)
  END)::bigint
$$`

const saveRoom = `
CREATE OR REPLACE FUNCTION parley.save_room(p_doc jsonb, p_last_activity bigint) RETURNS void LANGUAGE sql AS $$
  UPDATE parley.rooms SET doc = p_doc, status = p_doc->>'status', mode = coalesce(p_doc#>>'{conversation,mode}', 'agent'),
    due_at = parley.due_at(p_doc, p_last_activity)
  WHERE id = p_doc->>'id'
$$`

const addRoom = `
CREATE OR REPLACE FUNCTION parley.add_room(p_doc jsonb, p_last_activity bigint) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO parley.rooms (id, organization_id, status, mode, parent_room_id, due_at, doc)
  VALUES (p_doc->>'id', p_doc->>'organizationId', p_doc->>'status', coalesce(p_doc#>>'{conversation,mode}', 'agent'),
    p_doc->>'parentRoomId', parley.due_at(p_doc, p_last_activity), p_doc)
  ON CONFLICT (id) DO NOTHING;
  IF NOT FOUND THEN RETURN false; END IF;
  INSERT INTO parley.room_counters (room_id, last_activity) VALUES (p_doc->>'id', p_last_activity);
  RETURN true;
END $$`

/** The room after changes `{ set?, remove?, metadata?: { set?, unset? }, conversation? }`; its version counts them (RM-5). */
const changeRoom = `
CREATE OR REPLACE FUNCTION parley.change_room(p_doc jsonb, p_changes jsonb, p_now text) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
  n jsonb := p_doc || coalesce(p_changes->'set', '{}');
BEGIN
  IF p_changes ? 'remove' THEN
    n := n - ARRAY(SELECT jsonb_array_elements_text(p_changes->'remove'));
  END IF;
  IF p_changes ? 'metadata' THEN
    n := n || jsonb_build_object('metadata', (coalesce(n->'metadata', '{}') || coalesce(p_changes#>'{metadata,set}', '{}'))
      - ARRAY(SELECT jsonb_array_elements_text(coalesce(p_changes#>'{metadata,unset}', '[]'))));
  END IF;
  IF p_changes ? 'conversation' AND p_changes->'conversation' IS DISTINCT FROM n->'conversation' THEN
    n := n || jsonb_build_object('conversation', p_changes->'conversation'
      || jsonb_build_object('version', coalesce((p_doc#>>'{conversation,version}')::integer, 0) + 1));
  END IF;
  IF n->>'status' <> p_doc->>'status' THEN
    CASE n->>'status'
      WHEN 'paused' THEN n := n || jsonb_build_object('pausedAt', p_now);
      WHEN 'closed' THEN n := n || jsonb_build_object('closedAt', p_now);
      WHEN 'active' THEN n := n - 'pausedAt' - 'closedAt';
      ELSE NULL;
    END CASE;
  END IF;
  IF n = p_doc THEN RETURN p_doc; END IF;
  IF n - 'sessionId' <> p_doc - 'sessionId' THEN
    n := n || jsonb_build_object('version', (p_doc->>'version')::integer + 1);
  END IF;
  RETURN n || jsonb_build_object('updatedAt', p_now);
END $$`

const changeStoredRoom = `
CREATE OR REPLACE FUNCTION parley.change_stored_room(p_room text, p_expected integer, p_changes jsonb, p_now text,
  OUT outcome text, OUT doc jsonb, OUT event_count integer, OUT latest_index integer, OUT delivered_index integer, OUT last_activity bigint)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
  c parley.room_counters;
  before jsonb;
BEGIN
  SELECT * INTO c FROM parley.room_counters WHERE room_id = p_room FOR UPDATE;
  IF NOT FOUND THEN outcome := 'missing'; RETURN; END IF;
  SELECT r.doc INTO before FROM parley.rooms r WHERE r.id = p_room;
  doc := before; event_count := c.event_count; latest_index := c.latest_index; delivered_index := c.delivered_index; last_activity := c.last_activity;
  IF p_expected IS NOT NULL AND (before->>'version')::integer <> p_expected THEN outcome := 'stale'; RETURN; END IF;
  doc := parley.change_room(before, p_changes, p_now);
  IF doc IS DISTINCT FROM before THEN PERFORM parley.save_room(doc, c.last_activity); END IF;
  PERFORM parley.write_roster(p_room, p_changes, p_now);
  outcome := 'done';
END $$`

/** Puts records `[{ scope, id, doc }]`; each id stands once in the list. */
const writeRecords = `
CREATE OR REPLACE FUNCTION parley.write_records(p_family text, p_records jsonb) RETURNS void LANGUAGE sql AS $$
  INSERT INTO parley.records (family, scope, id, doc)
  SELECT p_family, v->>'scope', v->>'id', v->'doc' FROM jsonb_array_elements(p_records) AS v
  ON CONFLICT (family, scope, id) DO UPDATE SET doc = excluded.doc
$$`

const writeRoster = `
CREATE OR REPLACE FUNCTION parley.write_roster(p_room text, p_changes jsonb, p_now text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF p_changes ? 'bindings' THEN PERFORM parley.write_records('bindings', p_changes->'bindings'); END IF;
  IF p_changes ? 'participants' THEN PERFORM parley.write_records('participants', p_changes->'participants'); END IF;
  IF p_changes ? 'clearTombstones' THEN
    DELETE FROM parley.records WHERE family = 'tombstones' AND scope = p_room
      AND id IN (SELECT jsonb_array_elements_text(p_changes->'clearTombstones'));
  END IF;
  IF p_changes ? 'detach' THEN
    DELETE FROM parley.records WHERE family = 'bindings' AND scope = p_room
      AND id IN (SELECT jsonb_array_elements_text(p_changes->'detach'));
    INSERT INTO parley.records (family, scope, id, doc)
    SELECT 'tombstones', p_room, channel, jsonb_build_object('roomId', p_room, 'channelId', channel, 'at', p_now)
    FROM jsonb_array_elements_text(p_changes->'detach') AS channel
    ON CONFLICT (family, scope, id) DO UPDATE SET doc = excluded.doc;
  END IF;
END $$`

/** Puts records or none; \`false\` when one is there (p_if_absent), or differs from what was expected, or claims another's address. */
const putRecords = `
CREATE OR REPLACE FUNCTION parley.put_records(p_family text, p_records jsonb, p_if_absent boolean, p_expected jsonb, p_expected_absent text[])
RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
  wanted integer := jsonb_array_length(p_records);
  written integer;
BEGIN
  IF p_expected IS NOT NULL THEN
    PERFORM 1 FROM parley.records s JOIN jsonb_array_elements(p_records) AS v ON s.scope = v->>'scope' AND s.id = v->>'id'
    WHERE s.family = p_family ORDER BY s.scope, s.id FOR UPDATE OF s;
    SELECT count(*) INTO written FROM parley.records s JOIN jsonb_array_elements(p_records) AS v ON s.scope = v->>'scope' AND s.id = v->>'id'
    WHERE s.family = p_family AND NOT s.doc ?| p_expected_absent
      AND NOT EXISTS (SELECT 1 FROM jsonb_each(p_expected) AS e WHERE s.doc->e.key IS DISTINCT FROM e.value);
    IF written < wanted THEN RETURN false; END IF;
  END IF;
  IF p_if_absent THEN
    BEGIN
      INSERT INTO parley.records (family, scope, id, doc)
      SELECT p_family, v->>'scope', v->>'id', v->'doc' FROM jsonb_array_elements(p_records) AS v;
    EXCEPTION WHEN unique_violation THEN RETURN false;
    END;
  ELSE
    PERFORM parley.write_records(p_family, p_records);
  END IF;
  IF p_family = 'identities' THEN
    BEGIN
      DELETE FROM parley.identity_addresses a USING jsonb_array_elements(p_records) AS v
      WHERE a.scope = v->>'scope' AND a.identity_id = v->>'id';
      INSERT INTO parley.identity_addresses (scope, channel_type, address, identity_id)
      SELECT DISTINCT v->>'scope', t.key, address, v->>'id'
      FROM jsonb_array_elements(p_records) AS v, jsonb_each(v#>'{doc,addresses}') AS t, jsonb_array_elements_text(t.value) AS address;
    EXCEPTION WHEN unique_violation THEN
      RAISE EXCEPTION 'an address belongs to another identity' USING ERRCODE = 'PY001';
    END;
  END IF;
  RETURN true;
END $$`

const dueRooms = `
CREATE OR REPLACE FUNCTION parley.due_rooms(p_now bigint, p_limit integer)
RETURNS TABLE (doc jsonb, event_count integer, latest_index integer, delivered_index integer, last_activity bigint) LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN
  -- Activity does not touch rooms: an instant that moved back since is put right here, once per room and period.
  UPDATE parley.rooms r SET due_at = parley.due_at(r.doc, c.last_activity) FROM parley.room_counters c
  WHERE c.room_id = r.id AND r.due_at <= p_now AND parley.due_at(r.doc, c.last_activity) > p_now;
  RETURN QUERY SELECT r.doc, c.event_count, c.latest_index, c.delivered_index, c.last_activity
  FROM parley.rooms r JOIN parley.room_counters c ON c.room_id = r.id
  WHERE r.due_at <= p_now AND parley.due_at(r.doc, c.last_activity) <= p_now
  ORDER BY parley.due_at(r.doc, c.last_activity), r.seq LIMIT p_limit;
END $$`

const erased = `
CREATE OR REPLACE FUNCTION parley.erased(p_doc jsonb, p_redacted jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
  SELECT p_doc || jsonb_build_object('content', '{"type":"redacted"}'::jsonb, 'source', (p_doc->'source') - 'raw', 'redacted', p_redacted)
    || CASE WHEN p_doc ? 'channelData' THEN jsonb_build_object('channelData', (p_doc->'channelData') - 'extra') ELSE '{}' END
$$`

const redactEvent = `
CREATE OR REPLACE FUNCTION parley.redact_event(p_room text, p_event text, p_redacted jsonb)
RETURNS TABLE (index integer, doc jsonb, view jsonb) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
  target parley.events;
BEGIN
  SELECT * INTO target FROM parley.events e WHERE e.room_id = p_room AND e.id = p_event FOR UPDATE;
  IF NOT FOUND THEN RETURN; END IF;
  IF target.view ? 'edited' THEN
    UPDATE parley.events e SET doc = parley.erased(e.doc, p_redacted), view = e.view - 'content' - 'source'
    WHERE e.room_id = p_room AND e.index > target.index AND e.doc#>>'{content,type}' = 'edit' AND e.doc#>>'{content,targetEventId}' = p_event;
  END IF;
  RETURN QUERY UPDATE parley.events e SET doc = parley.erased(e.doc, p_redacted), view = nullif(e.view - 'content' - 'source', '{}')
  WHERE e.room_id = p_room AND e.id = p_event RETURNING e.index, e.doc, e.view;
END $$`

/** Everything of a room at once; a function, so that its plan is made once per connection. */
const loadContext = `
CREATE OR REPLACE FUNCTION parley.load_context(p_room text, p_tail integer)
RETURNS TABLE (part "char", doc jsonb, view jsonb, index integer, event_count integer, latest_index integer, delivered_index integer, last_activity bigint)
LANGUAGE plpgsql STABLE AS $$
#variable_conflict use_column
BEGIN
  RETURN QUERY SELECT 'r'::"char", r.doc, NULL::jsonb, NULL::integer, c.event_count, c.latest_index, c.delivered_index, c.last_activity
  FROM parley.rooms r JOIN parley.room_counters c ON c.room_id = r.id WHERE r.id = p_room;
  IF NOT FOUND THEN RETURN; END IF;
  RETURN QUERY SELECT 'b'::"char", r.doc, NULL::jsonb, NULL::integer, NULL::integer, NULL::integer, NULL::integer, NULL::bigint
  FROM parley.records r WHERE r.family = 'bindings' AND r.scope = p_room ORDER BY r.seq;
  RETURN QUERY SELECT 'p'::"char", r.doc, NULL::jsonb, NULL::integer, NULL::integer, NULL::integer, NULL::integer, NULL::bigint
  FROM parley.records r WHERE r.family = 'participants' AND r.scope = p_room ORDER BY r.seq;
  RETURN QUERY SELECT 'e'::"char", e.doc, e.view, e.index, NULL::integer, NULL::integer, NULL::integer, NULL::bigint
  FROM parley.events e WHERE e.room_id = p_room ORDER BY e.index DESC LIMIT p_tail;
END $$`

/** In the order in which they may call each other. */
export const storeFunctions: readonly string[] = [
  dueAt,
  saveRoom,
  addRoom,
  changeRoom,
  writeRecords,
  writeRoster,
  changeStoredRoom,
  putRecords,
  dueRooms,
  erased,
  redactEvent,
  loadContext,
  ...commitFunctions,
]
