const stepParameters = `p_run text, p_epoch integer, p_token text, p_now bigint, p_expires bigint, p_ended bigint, p_events text[],
  p_step_keys text[], p_step_docs text[], p_outputs text[], p_output_blobs text[],
  p_attempt_keys text[], p_attempts integer[], p_attempt_docs text[],
  p_state_keys text[], p_state_values text[], p_state_blobs text[],
  p_blob_hashes text[], p_blob_values text[]`
const restParameters = `p_doc text, p_status text, p_hash text, p_value_names text[], p_values text[], p_value_blobs text[],
  p_definition text[],
  p_ledger_keys text[], p_ledger_kinds text[], p_ledger_docs text[],
  p_receipt_ids text[], p_receipt_tasks text[], p_receipt_tenants text[], p_receipt_docs text[],
  p_wait_ids text[], p_wait_tokens text[], p_wait_statuses text[], p_wait_docs text[], p_wait_resolutions text[]`
const namesOf = (parameters: string): string[] => Array.from(parameters.matchAll(/p_\w+/g), ([name]) => name)
const listOf = (parameters: string): string => namesOf(parameters).join(', ')
const placeholders = (...parameters: string[]): string =>
  namesOf(parameters.join(' '))
    .map((_name, index) => `$${index + 1}`)
    .join(', ')

/** The statement of a commit that is only events, steps, attempts and state. */
export const commitStepsText: string = `SELECT outcome, seq FROM parley.commit_steps(${placeholders(stepParameters)})`

/** The statement of any other commit. */
export const commitAllText: string = `SELECT outcome, seq FROM parley.commit_all(${placeholders(stepParameters, restParameters)})`

/**
 * The fast path of a commit, and the first half of every other: events, steps, attempts and state, under the lock of the
 * head's row. Absent groups are null. \`outcome\`: done, fenced, ended or missing; only \`done\` has written anything.
 */
const commitSteps = `
CREATE OR REPLACE FUNCTION parley.commit_steps(${stepParameters},
  OUT outcome text, OUT seq integer)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
  tenant text;
BEGIN
  UPDATE parley.run_heads h SET last_seq = h.last_seq + coalesce(cardinality(p_events), 0), expires_at = p_expires, updated_at = p_now,
    token = p_token, ended_at = coalesce(h.ended_at, p_ended)
  WHERE h.run_id = p_run AND h.epoch = p_epoch AND (h.ended_at IS NULL OR p_events IS NULL)
  RETURNING h.tenant_id, h.last_seq INTO tenant, seq;
  IF NOT FOUND THEN
    SELECT CASE WHEN h.epoch <> p_epoch THEN 'fenced' ELSE 'ended' END INTO outcome FROM parley.run_heads h WHERE h.run_id = p_run;
    outcome := coalesce(outcome, 'missing');
    RETURN;
  END IF;
  IF p_events IS NOT NULL THEN
    INSERT INTO parley.run_events (run_id, seq, tenant_id, at, doc)
    SELECT p_run, seq - cardinality(p_events) + e.number::integer, tenant, p_now, e.doc::json FROM unnest(p_events) WITH ORDINALITY AS e(doc, number);
  END IF;
  IF p_step_keys IS NOT NULL THEN
    INSERT INTO parley.step_runs (run_id, step_key, tenant_id, doc, output, output_blob)
    SELECT p_run, s.key, tenant, s.doc::json, s.output::json, s.blob FROM unnest(p_step_keys, p_step_docs, p_outputs, p_output_blobs) AS s(key, doc, output, blob)
    ON CONFLICT (run_id, step_key) DO UPDATE SET doc = excluded.doc, output = excluded.output, output_blob = excluded.output_blob;
  END IF;
  IF p_attempt_keys IS NOT NULL THEN
    INSERT INTO parley.attempts (run_id, step_key, attempt, tenant_id, doc)
    SELECT p_run, a.key, a.attempt, tenant, a.doc::json FROM unnest(p_attempt_keys, p_attempts, p_attempt_docs) AS a(key, attempt, doc)
    ON CONFLICT (run_id, step_key, attempt) DO UPDATE SET doc = excluded.doc;
  END IF;
  IF p_state_keys IS NOT NULL THEN
    INSERT INTO parley.state_snapshots (run_id, key, seq, tenant_id, value, value_blob)
    SELECT p_run, s.key, seq, tenant, s.value::json, s.blob FROM unnest(p_state_keys, p_state_values, p_state_blobs) AS s(key, value, blob)
    ON CONFLICT (run_id, key, seq) DO UPDATE SET value = excluded.value, value_blob = excluded.value_blob;
  END IF;
  IF p_blob_hashes IS NOT NULL THEN PERFORM parley.write_blobs(p_run, tenant, p_blob_hashes, p_blob_values); END IF;
  outcome := 'done';
END $$`

/** What a commit has besides: changes of the run, a definition, ledger, receipts and waits. After \`commit_steps\`. */
const commitRest = `
CREATE OR REPLACE FUNCTION parley.commit_rest(p_run text, ${restParameters})
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  tenant text := (SELECT h.tenant_id FROM parley.run_heads h WHERE h.run_id = p_run);
BEGIN
  IF p_doc IS NOT NULL THEN
    UPDATE parley.runs r SET doc = p_doc::json, status = p_status, definition_hash = p_hash,
      input = CASE WHEN 'input' = ANY(p_value_names) THEN p_values[array_position(p_value_names, 'input')]::json ELSE r.input END,
      input_blob = CASE WHEN 'input' = ANY(p_value_names) THEN p_value_blobs[array_position(p_value_names, 'input')] ELSE r.input_blob END,
      output = CASE WHEN 'output' = ANY(p_value_names) THEN p_values[array_position(p_value_names, 'output')]::json ELSE r.output END,
      output_blob = CASE WHEN 'output' = ANY(p_value_names) THEN p_value_blobs[array_position(p_value_names, 'output')] ELSE r.output_blob END,
      outputs = CASE WHEN 'outputs' = ANY(p_value_names) THEN p_values[array_position(p_value_names, 'outputs')]::json ELSE r.outputs END,
      outputs_blob = CASE WHEN 'outputs' = ANY(p_value_names) THEN p_value_blobs[array_position(p_value_names, 'outputs')] ELSE r.outputs_blob END
    WHERE r.id = p_run;
  END IF;
  IF p_definition IS NOT NULL THEN
    INSERT INTO parley.definitions (hash, tenant_id, name, version, doc)
    VALUES (p_definition[1], tenant, p_definition[2], p_definition[3], p_definition[4]::json) ON CONFLICT DO NOTHING;
  END IF;
  IF p_ledger_keys IS NOT NULL THEN
    INSERT INTO parley.budget_ledger (run_id, key, kind, tenant_id, doc)
    SELECT p_run, l.key, l.kind, tenant, l.doc::json FROM unnest(p_ledger_keys, p_ledger_kinds, p_ledger_docs) AS l(key, kind, doc)
    ON CONFLICT DO NOTHING;
  END IF;
  IF p_receipt_ids IS NOT NULL THEN
    INSERT INTO parley.receipts (run_id, id, tenant_id, task_id, doc)
    SELECT p_run, x.id, x.tenant, x.task, x.doc::json FROM unnest(p_receipt_ids, p_receipt_tasks, p_receipt_tenants, p_receipt_docs) AS x(id, task, tenant, doc)
    ON CONFLICT (run_id, id) DO UPDATE SET doc = excluded.doc, tenant_id = excluded.tenant_id, task_id = excluded.task_id;
  END IF;
  IF p_wait_ids IS NOT NULL THEN
    IF EXISTS (SELECT 1 FROM parley.waits w WHERE w.id = ANY(p_wait_ids) AND w.run_id <> p_run) THEN
      RAISE EXCEPTION 'a wait of another run' USING ERRCODE = 'PY003';
    END IF;
    INSERT INTO parley.waits AS k (id, run_id, tenant_id, token_hash, status, doc, resolution)
    SELECT w.id, p_run, tenant, w.token, w.status, w.doc::json, w.resolution::json
    FROM unnest(p_wait_ids, p_wait_tokens, p_wait_statuses, p_wait_docs, p_wait_resolutions) AS w(id, token, status, doc, resolution)
    ON CONFLICT (id) DO UPDATE SET token_hash = excluded.token_hash, status = excluded.status, doc = excluded.doc, resolution = excluded.resolution
    WHERE k.status = 'open';
  END IF;
END $$`

/** A whole commit: whatever fails in it leaves nothing, since it is one statement. */
const commitAll = `
CREATE OR REPLACE FUNCTION parley.commit_all(${stepParameters}, ${restParameters}, OUT outcome text, OUT seq integer)
LANGUAGE plpgsql AS $$
DECLARE
  done record;
BEGIN
  done := parley.commit_steps(${listOf(stepParameters)});
  outcome := done.outcome;
  seq := done.seq;
  IF outcome = 'done' THEN PERFORM parley.commit_rest(p_run, ${listOf(restParameters)}); END IF;
END $$`

/** In the order in which they may call each other. */
export const commitFunctions: readonly string[] = [commitSteps, commitRest, commitAll]
