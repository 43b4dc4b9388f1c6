/** What every back end that keeps runs holds to, unless its options say otherwise. */
export const durableLimits = {
  /** How long a lease lives without a sign of its executor, ms. */
  leaseMs: 30_000,
  /** How long a signal is kept for a wait that is opened later, ms. */
  signalMs: 24 * 60 * 60 * 1_000,
  /** JSON bytes of an event's data; more is truncated with a mark. */
  maxEventBytes: 65_536,
  /** JSON bytes of a value that is kept in its row; more is a blob. */
  maxInlineBytes: 256 * 1_024,
  /** Those who listen to one run at once. */
  maxSubscribers: 10_000,
  /** Events that wait for one subscriber; beyond that it reads what is stored. */
  subscriberQueue: 1_000,
  /** Runs of a page. */
  pageSize: 50,
} as const
