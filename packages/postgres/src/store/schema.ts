import type { Migration } from '../database/migrate.ts'
import { storeFunctions } from './functions.ts'

/**
 * Tables of the conversation store. `rooms` holds what changes seldom; what every commit moves is in `room_counters`,
 * a narrow row without further indexes, so that appending rewrites little and touches no index of rooms. The counters'
 * row is also the lock that puts the writers of a room in order.
 */
const tables: readonly string[] = [
  `CREATE TABLE parley.rooms (
    id text COLLATE "C" PRIMARY KEY,
    seq bigint GENERATED ALWAYS AS IDENTITY,
    organization_id text COLLATE "C",
    status text NOT NULL,
    mode text NOT NULL,
    parent_room_id text COLLATE "C",
    due_at bigint,
    doc jsonb NOT NULL
  )`,
  'CREATE INDEX rooms_seq ON parley.rooms (seq)',
  'CREATE INDEX rooms_organization ON parley.rooms (organization_id, seq)',
  'CREATE INDEX rooms_parent ON parley.rooms (parent_room_id) WHERE parent_room_id IS NOT NULL',
  "CREATE INDEX rooms_mode ON parley.rooms (mode, seq) WHERE mode <> 'agent'",
  'CREATE INDEX rooms_due ON parley.rooms (due_at) WHERE due_at IS NOT NULL',
  `CREATE TABLE parley.room_counters (
    room_id text COLLATE "C" PRIMARY KEY,
    event_count integer NOT NULL DEFAULT 0,
    latest_index integer NOT NULL DEFAULT -1,
    delivered_index integer NOT NULL DEFAULT -1,
    last_activity bigint NOT NULL,
    fences jsonb NOT NULL DEFAULT '{}'
  ) WITH (fillfactor = 50)`,
  `CREATE TABLE parley.events (
    room_id text COLLATE "C" NOT NULL,
    index integer NOT NULL,
    id text COLLATE "C" NOT NULL,
    type text NOT NULL,
    status text NOT NULL,
    parent_event_id text COLLATE "C",
    idempotency_key text COLLATE "C",
    doc jsonb NOT NULL,
    view jsonb,
    PRIMARY KEY (room_id, index)
  )`,
  'CREATE UNIQUE INDEX events_id ON parley.events (room_id, id)',
  'CREATE UNIQUE INDEX events_idempotency_key ON parley.events (room_id, idempotency_key) WHERE idempotency_key IS NOT NULL',
  'CREATE INDEX events_thread ON parley.events (room_id, parent_event_id) WHERE parent_event_id IS NOT NULL',
  `CREATE TABLE parley.records (
    family text NOT NULL,
    scope text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    seq bigint GENERATED ALWAYS AS IDENTITY,
    doc jsonb NOT NULL,
    PRIMARY KEY (family, scope, id)
  )`,
  'CREATE INDEX records_seq ON parley.records (family, scope, seq)',
  "CREATE INDEX records_binding ON parley.records (id, scope) WHERE family = 'bindings'",
  "CREATE INDEX records_participant ON parley.records (id) WHERE family = 'participants'",
  "CREATE INDEX records_open_request ON parley.records (seq) WHERE family = 'requests' AND doc->>'status' = 'open'",
  `CREATE INDEX records_reminder ON parley.records ((doc->>'at') COLLATE "C") WHERE family = 'reminders'`,
  `CREATE TABLE parley.identity_addresses (
    scope text COLLATE "C" NOT NULL,
    channel_type text NOT NULL,
    address text COLLATE "C" NOT NULL,
    identity_id text COLLATE "C" NOT NULL,
    PRIMARY KEY (scope, channel_type, address)
  )`,
  'CREATE INDEX identity_addresses_owner ON parley.identity_addresses (scope, identity_id)',
]

/** Steps of the conversation store's schema. New steps go to the end; none is ever changed or taken away. */
export const storeMigrations: readonly Migration[] = [
  { name: '0001_conversations', statements: [...tables, ...storeFunctions] },
]
