import type { Json } from '@parley/spec'

/** One event of a stream as a client gets it. */
export interface ViewEvent {
  /**
   * The `seq` to go on after. Of several that are made of one run event only the last has it, so that a stream that
   * is cut between them begins with the first again.
   */
  id?: number
  event: string
  data: { [key: string]: Json }
}
