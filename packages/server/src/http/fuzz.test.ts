import { Kit } from '@parley/kit'
import { errorCodes } from '@parley/spec'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createServer } from '../create-server.ts'
import { keys, testServer } from '../__fixtures__/test-server.ts'

const words = [
  'r',
  'ada',
  'web',
  'agent',
  'human',
  'text',
  'all',
  'approve',
  'monitor',
  'x.a.b',
  '',
  '-1',
  '1e9',
  '__proto__',
  '../x',
  '\u0000',
  '😀',
]
const value = fc.letrec((tie) => ({
  any: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom<unknown>(...words, null, true, -1, 0, 1.5, 1e308),
    fc.array(tie('any'), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom('type', 'text', 'content', 'only', 'set', 'id'), tie('any'), { maxKeys: 3 }),
  ),
})).any

const quiet = { requestBurst: 1e9, requestsPerMinute: 1e9 }

const { routes } = createServer({ kit: new Kit() })

test.each(
  routes
    .filter(({ answerType }) => answerType === undefined)
    .map((route) => [`${route.method} ${route.path}`, route] as const),
)('%s answers any input with a known code and never fails inside', async (_name, route) => {
  const { call, kit } = testServer({ limits: quiet })
  await call('POST', '/v1/rooms', { body: { id: 'r' } })
  await call('POST', '/v1/rooms/r/join', { body: { participant_id: 'ada' } })
  const fields = Object.keys(route.body?.shape ?? {}).map((name) =>
    name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
  )
  const query = Object.keys(route.query.shape)
  await fc.assert(
    fc.asyncProperty(
      fc.dictionary(fc.constantFrom(...fields, 'unknown'), value, { maxKeys: 5 }),
      fc.dictionary(fc.constantFrom(...query, 'unknown'), fc.constantFrom(...words), { maxKeys: 3 }),
      fc.constantFrom(...words.filter((word) => word !== '')),
      async (body, search, id) => {
        const path = route.path.replace('/rooms/:id', '/rooms/r').replaceAll(/:\w+/g, encodeURIComponent(id))
        const {
          status,
          headers,
          body: answer,
        } = await call(route.method, `${path}?${new URLSearchParams(search)}`, {
          key: keys.admin,
          ...(route.method === 'GET' ? {} : { body }),
          headers: { 'if-match': '"0"' },
        })
        if (status < 400) return
        expect(status).toBeLessThan(500)
        expect(headers.get('content-type')).toBe('application/problem+json')
        expect(Object.keys(errorCodes)).toContain(answer['code'])
      },
    ),
    { numRuns: 40 },
  )
  expect(await kit.getRoom('r')).toBeDefined()
})
