/** Keeps the values that are too large for their rows. Purges wait for whoever writes one, and the other way round. */
const writeBlobs = `
CREATE OR REPLACE FUNCTION parley.write_blobs(p_run text, p_tenant text, p_hashes text[], p_values text[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF cardinality(p_hashes) = 0 THEN RETURN; END IF;
  PERFORM pg_advisory_xact_lock_shared(hashtextextended('parley.blobs', 0));
  INSERT INTO parley.blobs (tenant_id, hash, value) SELECT p_tenant, b.hash, b.value::json FROM unnest(p_hashes, p_values) AS b(hash, value)
  ON CONFLICT DO NOTHING;
  INSERT INTO parley.blob_uses (run_id, hash, tenant_id) SELECT p_run, hash, p_tenant FROM unnest(p_hashes) AS hash
  ON CONFLICT DO NOTHING;
END $$`

/**
 * Makes a run, or finds the one that has its idempotency key or its id. \`p_values\` and \`p_blobs\`: of input, output and
 * outputs, in this order. \`outcome\`: created, known or taken (by another tenant).
 */
const createRun = `
CREATE OR REPLACE FUNCTION parley.create_run(p_run text, p_tenant text, p_task text, p_status text, p_workflow text, p_hash text, p_key text,
  p_doc text, p_values text[], p_blobs text[], p_now bigint, p_ended bigint, p_definition text, p_name text, p_version text,
  p_blob_hashes text[], p_blob_values text[], OUT outcome text, OUT run_id text)
LANGUAGE plpgsql AS $$
DECLARE
  owner text;
BEGIN
  INSERT INTO parley.runs (id, tenant_id, task_id, status, workflow, definition_hash, idempotency_key, doc,
    input, input_blob, output, output_blob, outputs, outputs_blob)
  VALUES (p_run, p_tenant, p_task, p_status, p_workflow, p_hash, p_key, p_doc::json,
    p_values[1]::json, p_blobs[1], p_values[2]::json, p_blobs[2], p_values[3]::json, p_blobs[3])
  ON CONFLICT DO NOTHING;
  IF NOT FOUND THEN
    SELECT r.id INTO run_id FROM parley.runs r WHERE r.tenant_id = p_tenant AND r.idempotency_key = p_key;
    IF NOT FOUND THEN SELECT r.id, r.tenant_id INTO run_id, owner FROM parley.runs r WHERE r.id = p_run; END IF;
    outcome := CASE WHEN owner <> p_tenant THEN 'taken' ELSE 'known' END;
    RETURN;
  END IF;
  INSERT INTO parley.run_heads (run_id, tenant_id, updated_at, ended_at) VALUES (p_run, p_tenant, p_now, p_ended);
  IF p_definition IS NOT NULL THEN
    INSERT INTO parley.definitions (hash, tenant_id, name, version, doc) VALUES (p_hash, p_tenant, p_name, p_version, p_definition::json)
    ON CONFLICT DO NOTHING;
  END IF;
  PERFORM parley.write_blobs(p_run, p_tenant, p_blob_hashes, p_blob_values);
  outcome := 'created';
  run_id := p_run;
END $$`

/** Gives a run to an executor, unless another live one has it. \`outcome\`: claimed, held, over or missing. */
const claimRun = `
CREATE OR REPLACE FUNCTION parley.claim_run(p_run text, p_executor text, p_now bigint, p_expires bigint, OUT outcome text, OUT epoch integer, OUT doc json)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN
  UPDATE parley.run_heads h SET epoch = h.epoch + 1, executor_id = p_executor, expires_at = p_expires
  WHERE h.run_id = p_run AND h.ended_at IS NULL AND (h.executor_id IS NULL OR h.executor_id = p_executor OR (h.expires_at <= p_now
    AND NOT EXISTS (SELECT 1 FROM parley.executors x WHERE x.executor_id = h.executor_id AND x.expires_at > p_now)))
  RETURNING h.epoch INTO epoch;
  IF FOUND THEN
    outcome := 'claimed';
    SELECT r.doc INTO doc FROM parley.runs r WHERE r.id = p_run;
    RETURN;
  END IF;
  SELECT CASE WHEN h.ended_at IS NULL THEN 'held' ELSE 'over' END INTO outcome FROM parley.run_heads h WHERE h.run_id = p_run;
  outcome := coalesce(outcome, 'missing');
END $$`

/**
 * Everything of a run as of one moment, as rows of parts; nothing when there is no such run, one row \`f\` when the epoch
 * given is not the present one. A function, so that its plans are made once per connection.
 */
const loadRun = `
CREATE OR REPLACE FUNCTION parley.load_run(p_run text, p_epoch integer)
RETURNS TABLE (part "char", key text, number bigint, doc json, value json) LANGUAGE plpgsql STABLE AS $$
#variable_conflict use_column
DECLARE
  h parley.run_heads;
BEGIN
  SELECT * INTO h FROM parley.run_heads x WHERE x.run_id = p_run;
  IF NOT FOUND THEN RETURN; END IF;
  IF h.epoch <> p_epoch THEN RETURN QUERY SELECT 'f'::"char", NULL::text, h.epoch::bigint, NULL::json, NULL::json; RETURN; END IF;
  RETURN QUERY SELECT 'h'::"char", NULL::text, h.last_seq::bigint, NULL::json, NULL::json;
  RETURN QUERY SELECT 'r'::"char", NULL::text, h.updated_at, r.doc, NULL::json FROM parley.runs r WHERE r.id = p_run;
  RETURN QUERY SELECT 'v'::"char", v.name, NULL::bigint, NULL::json, coalesce(v.value, b.value) FROM parley.runs r
    CROSS JOIN LATERAL (VALUES ('input', r.input, r.input_blob), ('output', r.output, r.output_blob), ('outputs', r.outputs, r.outputs_blob)) AS v(name, value, blob)
    LEFT JOIN parley.blobs b ON b.tenant_id = r.tenant_id AND b.hash = v.blob
    WHERE r.id = p_run AND (v.value IS NOT NULL OR v.blob IS NOT NULL);
  RETURN QUERY SELECT 'd'::"char", NULL::text, NULL::bigint, d.doc, NULL::json FROM parley.runs r JOIN parley.definitions d ON d.hash = r.definition_hash WHERE r.id = p_run;
  RETURN QUERY SELECT 's'::"char", s.step_key, NULL::bigint, s.doc, coalesce(s.output, b.value) FROM parley.step_runs s
    LEFT JOIN parley.blobs b ON b.tenant_id = s.tenant_id AND b.hash = s.output_blob WHERE s.run_id = p_run;
  RETURN QUERY SELECT 'a'::"char", a.step_key, a.attempt::bigint, a.doc, NULL::json FROM parley.attempts a WHERE a.run_id = p_run ORDER BY a.step_key, a.attempt;
  RETURN QUERY SELECT 'k'::"char", s.key, NULL::bigint, NULL::json, coalesce(s.value, b.value)
    FROM (SELECT DISTINCT ON (n.key) n.key, n.tenant_id, n.value, n.value_blob FROM parley.state_snapshots n WHERE n.run_id = p_run ORDER BY n.key, n.seq DESC) AS s
    LEFT JOIN parley.blobs b ON b.tenant_id = s.tenant_id AND b.hash = s.value_blob WHERE s.value IS NOT NULL OR s.value_blob IS NOT NULL;
  RETURN QUERY SELECT 'l'::"char", l.key, NULL::bigint, l.doc, NULL::json FROM parley.budget_ledger l WHERE l.run_id = p_run ORDER BY l.position;
  RETURN QUERY SELECT 'w'::"char", w.status, NULL::bigint, w.doc, w.resolution FROM parley.waits w WHERE w.run_id = p_run ORDER BY w.position;
  RETURN QUERY SELECT 'g'::"char", g.id, NULL::bigint, g.doc, NULL::json FROM parley.signals g WHERE g.run_id = p_run AND NOT g.taken ORDER BY g.position;
END $$`

/** Removes runs that ended before an instant and that nobody writes to right now, and the blobs that no other run uses. */
const purgeRuns = `
CREATE OR REPLACE FUNCTION parley.purge_runs(p_before bigint) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
  gone text[];
  loose parley.blob_uses[];
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended('parley.blobs', 0));
  gone := ARRAY(SELECT h.run_id FROM parley.run_heads h WHERE h.ended_at < p_before FOR UPDATE SKIP LOCKED);
  IF cardinality(gone) = 0 THEN RETURN 0; END IF;
  DELETE FROM parley.run_events WHERE run_id = ANY(gone);
  DELETE FROM parley.step_runs WHERE run_id = ANY(gone);
  DELETE FROM parley.attempts WHERE run_id = ANY(gone);
  DELETE FROM parley.state_snapshots WHERE run_id = ANY(gone);
  DELETE FROM parley.budget_ledger WHERE run_id = ANY(gone);
  DELETE FROM parley.receipts WHERE run_id = ANY(gone);
  DELETE FROM parley.waits WHERE run_id = ANY(gone);
  DELETE FROM parley.signals WHERE run_id = ANY(gone);
  loose := ARRAY(SELECT u FROM parley.blob_uses u WHERE u.run_id = ANY(gone));
  DELETE FROM parley.blob_uses WHERE run_id = ANY(gone);
  DELETE FROM parley.blobs b USING unnest(loose) AS u WHERE b.tenant_id = u.tenant_id AND b.hash = u.hash
    AND NOT EXISTS (SELECT 1 FROM parley.blob_uses o WHERE o.tenant_id = b.tenant_id AND o.hash = b.hash);
  DELETE FROM parley.run_heads WHERE run_id = ANY(gone);
  DELETE FROM parley.runs WHERE id = ANY(gone);
  RETURN cardinality(gone);
END $$`

/** In the order in which they may call each other. */
export const runFunctions: readonly string[] = [writeBlobs, createRun, claimRun, loadRun, purgeRuns]
