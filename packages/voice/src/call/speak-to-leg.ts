import type { MediaEndpoint, OutputSegment } from '@parley/spec'
import type { CallCore } from './call-core.ts'
import { voiceOf } from './call-room.ts'

/**
 * Speaks to somebody beside the caller, in the voice of the call's agent. Resolves when it was heard or cut. It has a
 * voice of its own: a call that ends meanwhile does not cut it.
 * @throws {ParleyError} of the engine
 */
export async function speakToLeg(core: CallCore, { output }: MediaEndpoint, text: string): Promise<void> {
  const { tts, context, access } = core.parts
  if (tts === undefined || text.trim() === '') return
  const abort = new AbortController()
  const voice = voiceOf(core, core.activeAgentId) ?? (await tts.info.voices())[0]?.id ?? ''
  const format = tts.info.formats[0] ?? plainFormat
  const stream = await tts.open({ voice, format }, { ...context, signal: abort.signal })
  const segmentId = access.ids.next('seg')
  const heard = Promise.withResolvers<void>()
  const stopListening = output.on('*', (event) => {
    if (event.type === 'finished' && event.segmentId === segmentId) heard.resolve()
  })
  let segment: OutputSegment | undefined
  try {
    stream.speak(text, { segmentId, last: true })
    for await (const event of stream.events) {
      if (event.type === 'error') throw event.error
      if (event.type === 'done') break
      if (event.type !== 'audio') continue
      const { frame } = event
      segment ??= output.open({
        utteranceId: `leg:${segmentId}`,
        segmentId,
        format: { encoding: 'pcm16', sampleRateHz: frame.sampleRateHz, channels: frame.channels },
        kind: 'say',
      })
      while (segment.capture(frame) === 'full') await segment.ready()
    }
    segment?.flush()
    if (segment !== undefined) await heard.promise
  } finally {
    stopListening()
    abort.abort()
    await stream.close()
  }
}

const plainFormat = { encoding: 'pcm16', sampleRateHz: 16_000, channels: 1 } as const
