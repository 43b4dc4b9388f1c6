import { expect, test } from 'vitest'
import { createFrameworkEvents } from './create-framework-events.ts'

test('a listener that throws stops no other, and is reported', () => {
  const reported: unknown[] = []
  const events = createFrameworkEvents((thrown) => reported.push(thrown))
  const heard: string[] = []
  events.on('warning', () => {
    throw new Error('broken')
  })
  events.on('warning', ({ data }) => heard.push(JSON.stringify(data['what'])))
  events.emit({ type: 'warning', data: { what: 'first' } })
  expect(heard).toEqual(['"first"'])
  expect(reported).toEqual([new Error('broken')])
})

test('a disposer removes one registration, and nobody listens afterwards', () => {
  const events = createFrameworkEvents(() => {})
  let heard = 0
  const listener = (): void => void (heard += 1)
  const [first, second] = [events.on('slowHook', listener), events.on('slowHook', listener)]
  first()
  first()
  events.emit({ type: 'slowHook', data: {} })
  expect(heard).toBe(1)
  expect(events.has('slowHook')).toBe(true)
  second()
  expect(events.has('slowHook')).toBe(false)
})
