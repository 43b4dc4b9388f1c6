import { expect, test } from 'vitest'
import { retryAfterMs } from './retry-after.ts'

test.each([
  [{ 'retry-after-ms': '1200.4', 'retry-after': '9' }, 1_201],
  [{ 'retry-after-ms': 'soon', 'retry-after': '1.5' }, 1_500],
  [{ 'retry-after': '0' }, 0],
  [{ 'retry-after-ms': '-1', 'retry-after': '-2' }, undefined],
  [{ 'retry-after': 'Wed, 21 Oct 2026 07:28:00 GMT' }, undefined],
  [{}, undefined],
])('%j asks for %s ms', (headers: Record<string, string>, expected) => {
  expect(retryAfterMs((name) => headers[name])).toBe(expected)
  expect(retryAfterMs((name) => new Headers(headers).get(name))).toBe(expected)
})
