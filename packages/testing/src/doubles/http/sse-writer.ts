import type { ServerResponse } from 'node:http'
import type { Clock } from '@parley/spec'
import type { HttpFault } from './http-fault.ts'
import type { Frame } from './wire-encoder.ts'

/** Thrown when a fault has ended the answer on the wire. */
export class WireCut extends Error {}

/** Writes server-sent events, with the faults that concern how bytes arrive. */
export interface SseWriter {
  write(frames: readonly Frame[]): Promise<void>
  end(): Promise<void>
}

/** What an event writer is made of. */
export interface SseWriterOptions {
  response: ServerResponse
  fault: HttpFault | undefined
  clock: Clock
  signal: AbortSignal
  /** The vendor's error event. */
  toError: (error: { message: string; code: string | null }) => Frame[]
}

/** A writer for one answer. */
export function createSseWriter({ response, fault, clock, signal, toError }: SseWriterOptions): SseWriter {
  const newline = fault?.kind === 'crlf' ? '\r\n' : '\n'
  let written = 0
  let held = ''
  let flushed: Promise<void> = Promise.resolve()

  const toText = ({ event, data }: Frame): string => {
    const comment = fault?.kind === 'comments' ? `: ping${newline}${newline}` : ''
    const name = event === undefined ? '' : `event: ${event}${newline}`
    return `${comment}${name}data: ${data}${newline}${newline}`
  }
  const flush = async (text: string): Promise<void> => {
    if (text === '' || response.destroyed) return
    let isAccepted = true
    flushed = new Promise((resolve) => {
      isAccepted = response.write(text, () => resolve())
    })
    if (!isAccepted) await Promise.race([once(response, 'drain'), once(response, 'close')])
  }
  const drip = async (text: string): Promise<void> => {
    for (const byte of Buffer.from(text)) {
      if (response.destroyed) return
      // The callback comes when the byte was handed on, so that it travels alone.
      await new Promise<void>((resolve) => response.write(Buffer.from([byte]), () => resolve()))
    }
  }
  const put = async (text: string): Promise<void> => {
    if (fault?.kind === 'burst') held += text
    else if (fault?.kind === 'drip') await drip(text)
    else await flush(text)
  }
  /** What a fault does at this place; throws when the answer is over. */
  const meet = async (next: string): Promise<void> => {
    if (!fault || !('afterEvents' in fault) || fault.afterEvents !== written) return
    switch (fault.kind) {
      case 'stall':
        if (fault.ms === undefined) await once(signal, 'abort')
        else await clock.sleep(fault.ms, { signal })
        return
      case 'drop':
        if (fault.midCharacter) await cutInsideCharacter(response, next)
        // What was written before the cut arrives.
        await Promise.race([flushed, once(response, 'close')])
        response.socket?.destroy()
        throw new WireCut('dropped')
      case 'stop':
        response.end()
        throw new WireCut('stopped')
      case 'malformed':
        await flush(`data: {"half": ${newline}${newline}`)
        response.end()
        throw new WireCut('malformed')
      case 'errorEvent': {
        const frames = toError({
          message: fault.message ?? 'The server had an error.',
          code: fault.code ?? 'server_error',
        })
        await flush(frames.map(toText).join(''))
        response.end()
        throw new WireCut('failed')
      }
    }
  }

  return {
    async write(frames) {
      for (const frame of frames) {
        const text = toText(frame)
        await meet(text)
        await put(text)
        written++
      }
    },
    async end() {
      await meet('')
      await flush(held)
      response.end()
    },
  }
}

/** Sends an event up to the middle of a character of several bytes. */
async function cutInsideCharacter(response: ServerResponse, text: string): Promise<void> {
  const bytes = Buffer.from(text)
  const start = bytes.findIndex((byte) => byte >= 0xc0)
  const part = bytes.subarray(0, start < 0 ? Math.floor(bytes.length / 2) : start + 1)
  await new Promise<void>((resolve) => response.write(part, () => resolve()))
}

function once(target: ServerResponse | AbortSignal, event: string): Promise<void> {
  return new Promise((resolve) => {
    if (target instanceof AbortSignal) {
      if (target.aborted) resolve()
      else target.addEventListener(event, () => resolve(), { once: true })
    } else {
      target.once(event, () => resolve())
    }
  })
}
