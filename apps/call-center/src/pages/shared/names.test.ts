import { expect, test } from 'vitest'
import { createNames, deskPersonId, deskPersonName } from './names.ts'

test('a colleague is known by name from the id alone', () => {
  expect(deskPersonId('  Dana Whitfield ')).toBe('desk-dana-whitfield')
  expect(deskPersonName('desk-dana-whitfield')).toBe('Dana Whitfield')
  expect(deskPersonId('!!')).toBe('desk-colleague')
})

test('names come from the list of agents and the members of the room', () => {
  const agents = [{ id: 'triage', name: 'Riley', role: 'receptionist' }]
  const names = createNames(agents, [], 'ada')
  expect(names.speaker({ kind: 'agent', id: 'triage' })).toBe('Riley')
  expect(names.speaker({ kind: 'person', id: 'ada' })).toBe('You')
  expect(names.speaker({ kind: 'person', id: 'desk-kim' })).toBe('Kim')
  expect(names.agent('human')).toBe('a colleague')
  expect(names.colour({ kind: 'person', id: 'desk-kim' })).toBe('text-human')
})
