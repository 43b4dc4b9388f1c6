import { expect, test } from 'vitest'
import { contentText } from './content-text.ts'

test('D-2 keys of a caller read as an entry of the keypad', () => {
  expect(contentText({ type: 'dtmf', digits: '1234' })).toBe('Keypad: 1234')
})
