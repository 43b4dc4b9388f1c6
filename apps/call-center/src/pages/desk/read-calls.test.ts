import { createClient } from '@parley/client'
import { expect, test } from 'vitest'
import { createCallCenter } from '../../app.ts'
import { readSettings } from '../../start/settings.ts'
import { readCalls } from './read-calls.ts'

const { signal } = new AbortController()

test('the desk of a call center without voice has no calls, and is not called out of date for it', async () => {
  const settings = readSettings(['--port', '0', '--no-voice'], { PARLEY_DATABASE_URL: 'memory://' })
  const callCenter = await createCallCenter({ settings, pages: false })
  const baseUrl = `http://127.0.0.1:${callCenter.port}`
  expect(await readCalls(createClient({ baseUrl, token: callCenter.deskKey }), signal)).toEqual([])
  await expect(readCalls(createClient({ baseUrl, token: 'prl_wrong_key' }), signal)).rejects.toMatchObject({
    code: 'auth_invalid',
  })
  await callCenter.close()
}, 60_000)
