import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'

/** What the people on the other side of the sockets are to do. */
export type CallerOrder =
  /** Open so many calls, and send quiet from then on. */
  | { do: 'open'; url: string; calls: number; kind: 'websocket' | 'twilio' }
  /** Each caller speaks and waits for the answer, again and again. Gives the waits in ms, from the last voiced instant. */
  | { do: 'turns'; turns: number; speechMs: number; pauseMs: number }
  /** Each caller speaks, waits until the agent has begun, and speaks into it. Gives ms from its first voiced instant to the clear. */
  | { do: 'bargeIns'; times: number; speechMs: number; afterMs: number }
  /** Each caller speaks once; gives when all are being answered. */
  | { do: 'speakOnce'; speechMs: number }
  /** Real speech in place of the tone, 16 kHz. */
  | { do: 'voice'; samples: number[] }
  /** Speech and pauses without end; gives at once. */
  | { do: 'talkOn'; speechMs: number; pauseMs: number }
  /** Ends calls: politely, or by cutting the line. */
  | { do: 'hangUp'; everyKilled: number }

/** What callers measured. */
export interface CallerAnswer {
  samples: number[]
  /** Answers that did not come within 30 s. */
  missing: number
  /** How late the callers' own loop was, p99 in ms: with much of it a wait is theirs. */
  lagMs?: number
}

/** People on calls, in a process of their own so that their work is not counted as the server's. */
export interface Callers extends Disposable {
  tell(order: CallerOrder): Promise<CallerAnswer>
}

/** Starts the process of the callers. */
export async function startCallers(): Promise<Callers> {
  const child = fork(join(import.meta.dirname, 'caller-process.ts'), [], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    execArgv: ['--conditions=@parley/source'],
  })
  const ended = once(child, 'exit').then(() => {
    throw new Error('The callers ended.')
  })
  // It ends at the disposal, when nobody waits for it.
  ended.catch(() => {})
  await Promise.race([once(child, 'message'), ended])
  return {
    async tell(order) {
      const answered = once(child, 'message')
      child.send(order)
      const [answer] = await Promise.race([answered, ended])
      // What caller-process.ts sends for each order.
      return answer as CallerAnswer
    },
    [Symbol.dispose]() {
      if (child.connected) child.disconnect()
    },
  }
}
