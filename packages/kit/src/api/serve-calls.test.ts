import { expect, test } from 'vitest'
import { openKit } from '../__fixtures__/open-kit.ts'
import { Kit } from '../kit.ts'
import { callChecks } from './call-checks.ts'

test('ER-3 every call with a row of checks is one of Kit, and every method of Kit has its row', () => {
  const methods = Object.getOwnPropertyNames(Kit.prototype).filter((name) => name !== 'constructor')
  expect(methods.toSorted()).toEqual(Object.keys(callChecks).toSorted())
})

test('ER-3 a wrong argument is told before a closed kit is; calls that answer at once throw, others reject', async () => {
  const { kit } = openKit()
  const { id } = await kit.createRoom()
  await kit.close()
  const nothing = undefined as unknown as string // What plain JavaScript may pass.
  const invalid = expect.objectContaining({ code: 'invalid_options' })
  const closed = expect.objectContaining({ code: 'kit_closed' })
  expect(() => kit.publish(nothing, { type: 'typingStarted', from: 'ada' })).toThrow(invalid)
  expect(() => kit.publish(id, { type: 'typingStarted', from: 'ada' })).toThrow(closed)
  await expect(kit.send(nothing, { from: 'ada', text: 'late' })).rejects.toEqual(invalid)
  await expect(kit.send(id, { from: 'ada', text: 'late' })).rejects.toEqual(closed)
})

test('KT-1 a closed kit still answers calls that read or take back', async () => {
  const { kit } = openKit()
  const { id } = await kit.createRoom()
  await kit.close()
  expect(await kit.getRoom(id)).toMatchObject({ id })
  expect(await kit.room(id).room()).toMatchObject({ id })
  expect(await kit.members(id)).toEqual([])
  expect(await kit.humanQueue()).toEqual([])
  expect(kit.channels()).toEqual([])
  expect(kit.runningTurns(id)).toEqual([])
  expect(kit.unregister('web')).toBeUndefined()
})

test('ER-3 a class over Kit changes a call, and its calls still pass the checks', async () => {
  class Shouting extends Kit {
    override async sendSystem(
      ...[roomId, input, options]: Parameters<Kit['sendSystem']>
    ): ReturnType<Kit['sendSystem']> {
      return super.sendSystem(roomId, { ...input, content: { type: 'text', text: 'LOUD' } }, options)
    }
  }
  await using kit = new Shouting()
  const { id } = await kit.createRoom()
  await kit.room(id).send({ content: { type: 'text', text: 'quiet' } })
  expect((await kit.events(id)).at(-1)).toMatchObject({ content: { text: 'LOUD' } })
  await expect(kit.sendSystem('', { content: { type: 'text', text: '' } })).rejects.toMatchObject({
    code: 'invalid_options',
  })
})
