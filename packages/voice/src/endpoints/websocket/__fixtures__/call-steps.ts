import type { AudioOutput, CallView } from '@parley/spec'
import type { Heard, MediaSetUp } from './media-setup.ts'
import { hello, personEnd, type PersonEnd } from './person-end.ts'

const format = { encoding: 'pcm16', sampleRateHz: 24_000, channels: 1 } as const

/** Says a piece of speech and leaves it to the output. */
export function speak(output: AudioOutput, lengthMs: number, name = 'u1', isLast = true) {
  const segment = output.open({ utteranceId: name, segmentId: `${name}-s`, format, agentId: 'triage', kind: 'reply' })
  const samples = Int16Array.from({ length: 24 * lengthMs }, (_, index) => (index % 200) + 1)
  segment.capture({ samples, sampleRateHz: 24_000, channels: 1, position: 0 })
  if (isLast) segment.flush()
  return segment
}

/** A person comes back on a new socket. */
export async function resume(
  { clock, connect }: MediaSetUp,
  options: { resumeToken: string; lastSeq: number; token?: string; callId?: string; seq?: number },
) {
  const person = personEnd({ seq: options.seq ?? 0 })
  const connected = connect(person, options.callId)
  const { resumeToken, lastSeq, token = 'ada' } = options
  person.say({ ...hello, token, resume: { resumeToken, lastSeq, lastEpoch: 0 } })
  await clock.advance(0)
  return { person, connected: await connected }
}

/** The number of the last message that a person got. */
export const lastSeq = (person: PersonEnd): number => Math.max(0, ...person.messages.map(({ seq }) => seq))
/** How a call heard its connection go. */
export const states = (heard: Heard[]): string[] => heard.flatMap((one) => (one.type === 'state' ? [one.state] : []))
/** A small thing to show. */
export const note = (index: number): CallView => ({ type: 'notice', code: 'n', message: String(index) })
