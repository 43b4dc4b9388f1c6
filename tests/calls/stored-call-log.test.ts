import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Agent, Kit } from '@parley/kit'
import { createPostgresStore, openDatabase } from '@parley/postgres'
import {
  createFakeStt,
  createFakeTts,
  createScriptedVad,
  createSeededIds,
  createTestEndpoint,
  createVirtualClock,
  scriptedModel,
} from '@parley/testing'
import { readCallLog, replayCall, VoiceChannel } from '@parley/voice'
import { expect, onTestFinished, test } from 'vitest'

test('call log: a call that one process stored is replayed by another, byte for byte', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'call-log-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const clock = createVirtualClock()
  const opened = async (seed: number) => {
    const database = await openDatabase(`file:${folder}`)
    const ids = createSeededIds(seed)
    const kit = new Kit({ store: createPostgresStore({ database, clock, ids }), clock, ids })
    return { kit, close: () => kit.close().then(() => database.close()) }
  }
  const first = await opened(1)
  const voice = new VoiceChannel('voice', { stt: createFakeStt(), tts: createFakeTts(), vad: createScriptedVad() })
  first.kit.register(voice)
  first.kit.register(new Agent('riley', { model: scriptedModel(['two payments', 'goodbye']) }))
  const room = await first.kit.createRoom({ channels: ['riley'] })
  const endpoint = createTestEndpoint({ clock })
  const call = await voice.connect(endpoint, { roomId: room.id, participantId: 'ada' })
  void endpoint.caller.sayText('i was charged twice')
  await clock.advance(6_000)
  // No store takes such characters as they are.
  endpoint.caller.type('thank you \u0000 \ud83d', 'typed')
  await clock.advance(6_000)
  const { log } = call
  // The end of the process ends the call.
  await first.close()
  const second = await opened(2)
  onTestFinished(() => second.close())
  const read = await readCallLog(second.kit, room.id, call.id)
  expect(read?.steps.length).toBeGreaterThan(10)
  expect(JSON.stringify(read?.steps.slice(0, log.length))).toBe(JSON.stringify(log))
  expect(read === null ? null : replayCall(read)).toEqual({
    kind: 'exact',
    steps: read?.steps.length,
    difference: null,
  })
})
