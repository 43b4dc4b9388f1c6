import type { Migration } from '../database/migrate.ts'
import { commitFunctions } from './commit-functions.ts'
import { runFunctions } from './run-functions.ts'

/**
 * Tables of runs. Values of people are `json`, not `jsonb`: the text is kept as it was written, so that a template which
 * prints a value gives the same prompt after a crash (`jsonb` sorts keys), and so that no text is refused (`jsonb` takes
 * no NUL). What every commit moves is in `run_heads`, a narrow row without indexes on what changes; its row is also the
 * lock that puts the writers of a run in order. A value beyond 256 KiB is in `blobs`, and its column names the hash.
 */
const tables: readonly string[] = [
  `CREATE TABLE parley.definitions (
    hash text COLLATE "C" PRIMARY KEY,
    tenant_id text COLLATE "C" NOT NULL,
    name text NOT NULL,
    version text NOT NULL,
    doc json NOT NULL
  )`,
  `CREATE TABLE parley.runs (
    id text COLLATE "C" PRIMARY KEY,
    seq bigint GENERATED ALWAYS AS IDENTITY,
    tenant_id text COLLATE "C" NOT NULL,
    task_id text COLLATE "C" NOT NULL,
    status text NOT NULL,
    workflow text COLLATE "C" NOT NULL,
    definition_hash text COLLATE "C" NOT NULL,
    idempotency_key text COLLATE "C",
    doc json NOT NULL,
    input json,
    input_blob text,
    output json,
    output_blob text,
    outputs json,
    outputs_blob text
  )`,
  'CREATE UNIQUE INDEX runs_seq ON parley.runs (seq)',
  'CREATE INDEX runs_tenant ON parley.runs (tenant_id, seq)',
  'CREATE INDEX runs_status ON parley.runs (status, seq)',
  'CREATE INDEX runs_task ON parley.runs (task_id, seq)',
  'CREATE UNIQUE INDEX runs_idempotency_key ON parley.runs (tenant_id, idempotency_key) WHERE idempotency_key IS NOT NULL',
  `CREATE TABLE parley.run_heads (
    run_id text COLLATE "C" PRIMARY KEY,
    tenant_id text COLLATE "C" NOT NULL,
    last_seq integer NOT NULL DEFAULT 0,
    epoch integer NOT NULL DEFAULT 0,
    executor_id text COLLATE "C",
    expires_at bigint NOT NULL DEFAULT 0,
    updated_at bigint NOT NULL,
    ended_at bigint,
    token text COLLATE "C"
  ) WITH (fillfactor = 50)`,
  'CREATE INDEX run_heads_open ON parley.run_heads (run_id) WHERE ended_at IS NULL',
  'CREATE INDEX run_heads_ended ON parley.run_heads (ended_at) WHERE ended_at IS NOT NULL',
  `CREATE TABLE parley.executors (
    executor_id text COLLATE "C" PRIMARY KEY,
    started_at bigint NOT NULL,
    heartbeat_at bigint NOT NULL,
    expires_at bigint NOT NULL
  )`,
  `CREATE TABLE parley.run_events (
    run_id text COLLATE "C" NOT NULL,
    seq integer NOT NULL,
    tenant_id text COLLATE "C" NOT NULL,
    at bigint NOT NULL,
    doc json NOT NULL,
    PRIMARY KEY (run_id, seq)
  )`,
  `CREATE TABLE parley.step_runs (
    run_id text COLLATE "C" NOT NULL,
    step_key text COLLATE "C" NOT NULL,
    tenant_id text COLLATE "C" NOT NULL,
    doc json NOT NULL,
    output json,
    output_blob text,
    PRIMARY KEY (run_id, step_key)
  )`,
  `CREATE TABLE parley.attempts (
    run_id text COLLATE "C" NOT NULL,
    step_key text COLLATE "C" NOT NULL,
    attempt integer NOT NULL,
    tenant_id text COLLATE "C" NOT NULL,
    doc json NOT NULL,
    PRIMARY KEY (run_id, step_key, attempt)
  )`,
  `CREATE TABLE parley.state_snapshots (
    run_id text COLLATE "C" NOT NULL,
    key text COLLATE "C" NOT NULL,
    seq integer NOT NULL,
    tenant_id text COLLATE "C" NOT NULL,
    value json,
    value_blob text,
    PRIMARY KEY (run_id, key, seq)
  )`,
  `CREATE TABLE parley.budget_ledger (
    run_id text COLLATE "C" NOT NULL,
    key text COLLATE "C" NOT NULL,
    kind text NOT NULL,
    position bigint GENERATED ALWAYS AS IDENTITY,
    tenant_id text COLLATE "C" NOT NULL,
    doc json NOT NULL,
    PRIMARY KEY (run_id, key, kind)
  )`,
  `CREATE TABLE parley.receipts (
    run_id text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    position bigint GENERATED ALWAYS AS IDENTITY,
    tenant_id text COLLATE "C" NOT NULL,
    task_id text COLLATE "C" NOT NULL,
    doc json NOT NULL,
    PRIMARY KEY (run_id, id)
  )`,
  'CREATE INDEX receipts_task ON parley.receipts (task_id)',
  'CREATE INDEX receipts_tenant ON parley.receipts (tenant_id)',
  `CREATE TABLE parley.waits (
    id text COLLATE "C" PRIMARY KEY,
    run_id text COLLATE "C" NOT NULL,
    position bigint GENERATED ALWAYS AS IDENTITY,
    tenant_id text COLLATE "C" NOT NULL,
    token_hash text COLLATE "C",
    status text NOT NULL,
    doc json NOT NULL,
    resolution json
  )`,
  'CREATE UNIQUE INDEX waits_token ON parley.waits (token_hash) WHERE token_hash IS NOT NULL',
  'CREATE INDEX waits_run ON parley.waits (run_id, position)',
  `CREATE TABLE parley.signals (
    id text COLLATE "C" PRIMARY KEY,
    run_id text COLLATE "C" NOT NULL,
    position bigint GENERATED ALWAYS AS IDENTITY,
    tenant_id text COLLATE "C" NOT NULL,
    taken boolean NOT NULL DEFAULT false,
    doc json NOT NULL
  )`,
  'CREATE INDEX signals_run ON parley.signals (run_id, position) WHERE NOT taken',
  `CREATE TABLE parley.blobs (
    tenant_id text COLLATE "C" NOT NULL,
    hash text COLLATE "C" NOT NULL,
    value json NOT NULL,
    PRIMARY KEY (tenant_id, hash)
  )`,
  `CREATE TABLE parley.blob_uses (
    run_id text COLLATE "C" NOT NULL,
    hash text COLLATE "C" NOT NULL,
    tenant_id text COLLATE "C" NOT NULL,
    PRIMARY KEY (run_id, hash)
  )`,
  'CREATE INDEX blob_uses_hash ON parley.blob_uses (tenant_id, hash)',
]

/** Steps of the schema of runs. New steps go to the end; none is ever changed or taken away. */
export const workflowMigrations: readonly Migration[] = [
  { name: '0001_runs', statements: [...tables, ...runFunctions, ...commitFunctions] },
]
