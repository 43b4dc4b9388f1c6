import type { ChannelId, Clock, Disposer, IdSource, Json, OrganizationId, RoomId, StatusEntry } from '@parley/spec'

/** Entries kept in one process. */
export const STATUS_ENTRIES = 500
const DETAIL_LENGTH = 200

/** What is said in a status line; the rest is filled in. */
export interface StatusInput {
  roomId?: RoomId
  organizationId?: OrganizationId
  agentId: ChannelId
  action: string
  status: StatusEntry['status']
  /** Cut at 200 characters. */
  detail?: string
  metadata?: Record<string, Json>
}

/** Which entries are read. With a room or organization, only its own. */
export interface StatusQuery {
  /** @default 20 */
  n?: number
  roomId?: RoomId
  organizationId?: OrganizationId
  agentId?: ChannelId
  status?: StatusEntry['status']
}

/** A bounded log of what agents are doing, across agents. Posting never fails and never waits. */
export interface StatusBus {
  post(entry: StatusInput): void
  /** The same; resolves when listeners were told. */
  postAsync(entry: StatusInput): Promise<void>
  /** The newest entries, oldest first. */
  recent(query?: StatusQuery): StatusEntry[]
  /** The same, one line of text each. */
  recentText(query?: StatusQuery): string
  subscribe(listener: (entry: StatusEntry) => void): Disposer
  /** Whether an agent has completed something, in a room if one is given. */
  hasCompleted(agentId: ChannelId, action: string, options?: { roomId?: RoomId }): boolean
}

/** What the bus needs. */
export interface StatusBusOptions {
  clock: Clock
  ids: IdSource
  /** Gets what a listener threw. */
  onError(thrown: unknown): void
  /** Told of entries with a room. */
  posted?(entry: StatusEntry & { roomId: RoomId }): void
}

/** Makes a bus of one process. */
export function createStatusBus({ clock, ids, onError, posted }: StatusBusOptions): StatusBus {
  const entries: StatusEntry[] = []
  const listeners = new Set<(entry: StatusEntry) => void>()

  const tell = (entry: StatusEntry): void => {
    for (const listener of listeners) guarded(() => listener(entry))
    const { roomId } = entry
    if (roomId !== undefined && posted !== undefined) guarded(() => posted({ ...entry, roomId }))
  }
  const guarded = (run: () => void): void => {
    try {
      run()
    } catch (thrown) {
      onError(thrown)
    }
  }
  const add = (input: StatusInput): StatusEntry => {
    const entry = toEntry(input, ids.next('stat'), new Date(clock.now()).toISOString())
    entries.push(entry)
    if (entries.length > STATUS_ENTRIES) entries.shift()
    return entry
  }
  const recent = ({ n = 20, roomId, organizationId, agentId, status }: StatusQuery = {}): StatusEntry[] => {
    const matching = entries.filter(
      (entry) =>
        (roomId === undefined || entry.roomId === roomId) &&
        (organizationId === undefined || entry.organizationId === organizationId) &&
        (agentId === undefined || entry.agentId === agentId) &&
        (status === undefined || entry.status === status),
    )
    return n <= 0 ? [] : matching.slice(-n)
  }
  return {
    post: (input) => guarded(() => tell(add(input))),
    postAsync(input) {
      guarded(() => tell(add(input)))
      return Promise.resolve()
    },
    recent,
    recentText: (query) => recent(query).map(toLine).join('\n'),
    subscribe(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    hasCompleted: (agentId, action, { roomId } = {}) =>
      entries.some(
        (entry) =>
          entry.agentId === agentId &&
          entry.action === action &&
          entry.status === 'completed' &&
          (roomId === undefined || entry.roomId === roomId),
      ),
  }
}

function toEntry(
  { roomId, organizationId, detail = '', metadata = {}, agentId, action, status }: StatusInput,
  id: string,
  at: string,
): StatusEntry {
  return Object.freeze({
    id,
    at,
    agentId,
    action,
    status,
    detail: detail.length <= DETAIL_LENGTH ? detail : `${detail.slice(0, DETAIL_LENGTH - 1)}…`,
    metadata,
    ...(roomId === undefined ? {} : { roomId }),
    ...(organizationId === undefined ? {} : { organizationId }),
  })
}

function toLine({ at, agentId, action, status, detail }: StatusEntry): string {
  return `${at} ${agentId} ${action} ${status}${detail === '' ? '' : `: ${detail}`}`
}
