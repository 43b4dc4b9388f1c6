import { Agent } from '@parley/kit'
import {
  createFakeStt,
  createFakeTts,
  createScriptedVad,
  createSeededIds,
  createTestEndpoint,
  createVirtualClock,
  scriptedModel,
} from '@parley/testing'
import { VoiceChannel } from '@parley/voice'
import { expect, test } from 'vitest'
import { CallCenterRooms } from './call-center-rooms.ts'
import { noteCalls } from './note-calls.ts'
import { summarizeEnds } from './summarize-ends.ts'

/** A caller on the line, in virtual time. */
async function callIn() {
  const clock = createVirtualClock()
  const rooms = new CallCenterRooms({ clock, ids: createSeededIds(1) })
  const faults: unknown[] = []
  rooms.hook('onError', ({ error }) => void faults.push(error))
  const channel = new VoiceChannel('voice', {
    stt: createFakeStt(),
    tts: createFakeTts({ sampleRateHz: 16_000 }),
    vad: createScriptedVad(),
  })
  rooms.register(channel)
  rooms.register(new Agent('riley', { name: 'Riley', model: scriptedModel(['hello'], { then: 'last' }) }))
  const summed: string[] = []
  noteCalls(rooms, () => new Date(clock.now()).toISOString())
  summarizeEnds(rooms, { begin: async (roomId) => void summed.push(roomId), read: async () => ({ status: 'none' }) })
  const { id } = await rooms.createRoom({ channels: ['riley'] })
  const endpoint = createTestEndpoint({ clock })
  const call = await channel.connect(endpoint, { roomId: id, participantId: 'ada' })
  await clock.advance(2_000)
  return { clock, rooms, faults, summed, id, endpoint, call }
}

test('apps 1.5 a call that was hung up ends the conversation, though no page is there to say so', async () => {
  const { clock, rooms, faults, summed, id, call } = await callIn()
  expect((await rooms.getRoom(id)).metadata['call']).toEqual({ callId: call.id })
  void call.hangup('hangup')
  await clock.advance(10_000)
  expect((await rooms.state(id)).phase).toBe('wrapup')
  expect(summed).toEqual([id])
  const { metadata, lastActivityAt } = await rooms.getRoom(id)
  expect(metadata['call']).toMatchObject({ callId: call.id, reason: 'hangup' })
  // Nothing was said since: by this the desk knows that the call is the end of it.
  const { endedAt } = metadata['call'] as { endedAt: string }
  expect(Date.parse(lastActivityAt)).toBeLessThanOrEqual(Date.parse(endedAt))
  expect(faults).toEqual([])
  await rooms.close()
})

test('apps 1.9 a caller whose page went away has 30 s; then the call is over and the room stays open as text', async () => {
  const { clock, rooms, faults, summed, id, endpoint, call } = await callIn()
  const { phase } = await rooms.state(id)
  endpoint.caller.lose()
  await clock.advance(20_000)
  expect(call.state.returnWithinMs).toBe(10_000)
  await clock.advance(15_000)
  expect(await call.ended).toBe('lost')
  expect((await rooms.getRoom(id)).metadata['call']).toMatchObject({ reason: 'lost' })
  expect((await rooms.state(id)).phase).toBe(phase)
  expect([summed, faults]).toEqual([[], []])
  await rooms.close()
})

test('a call whose room was closed leaves it as it is', async () => {
  const { clock, rooms, faults, summed, id } = await callIn()
  await rooms.closeRoom(id)
  await clock.advance(10_000)
  expect(summed).toEqual([id])
  expect(faults).toEqual([])
  await rooms.close()
})
