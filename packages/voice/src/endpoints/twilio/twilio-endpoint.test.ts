import { createHash } from 'node:crypto'
import { createVirtualClock } from '@parley/testing'
import { signTwilioRequest } from '@parley/testing/doubles'
import { describe, expect, test } from 'vitest'
import { warnings } from './__fixtures__/phone-call.ts'
import { createTwilioEndpoint } from './twilio-endpoint.ts'
import { twilioDefaults, type TwilioOptions } from './twilio-options.ts'
import { twimlConnect } from './twiml.ts'

const authToken = 'a-secret-of-the-account'
const publicUrl = 'https://calls.example.com'

function endpoint(options: Partial<TwilioOptions> = {}) {
  return createTwilioEndpoint({ authToken, publicUrl, clock: createVirtualClock(), ...options })
}

/** An upgrade as it reaches us behind a proxy: the host and scheme are inside ones. */
function upgrade(signature: string | undefined, path = '/v1/twilio/media'): Request {
  return new Request(`http://10.0.0.7:3000${path}`, {
    headers: { host: 'evil.example', ...(signature !== undefined && { 'x-twilio-signature': signature }) },
  })
}

describe('the signature of the upgrade', () => {
  test('TW-1 every form Twilio may write of the configured address is accepted, nothing else', async () => {
    for (const address of [
      'wss://calls.example.com/v1/twilio/media',
      'https://calls.example.com/v1/twilio/media',
      'wss://calls.example.com:443/v1/twilio/media',
      'https://calls.example.com:443/v1/twilio/media/',
      'wss://calls.example.com/v1/twilio/media/',
    ]) {
      expect(await endpoint().authorize(upgrade(await signTwilioRequest(authToken, address)))).toBeNull()
    }
    for (const address of [
      'wss://evil.example/v1/twilio/media',
      'http://10.0.0.7:3000/v1/twilio/media',
      'ws://calls.example.com/v1/twilio/media',
      'wss://calls.example.com/v1/twilio/other',
      'wss://calls.example.com:8443/v1/twilio/media',
    ]) {
      expect(await endpoint().authorize(upgrade(await signTwilioRequest(authToken, address)))).toEqual({ status: 403 })
    }
  })

  test('TW-1 no signature, one of another secret, and nonsense are refused with 403', async () => {
    const other = await signTwilioRequest('another', 'wss://calls.example.com/v1/twilio/media')
    for (const signature of [undefined, '', 'nonsense', other, `${other}AAAA`]) {
      expect(await endpoint().authorize(upgrade(signature))).toEqual({ status: 403 })
    }
  })

  test('TW-1 without verification every start warns', async () => {
    const { logger, said } = warnings()
    const open = endpoint({ verify: false, logger })
    endpoint({ verify: false, logger })
    expect(said).toHaveLength(2)
    expect(await open.authorize(upgrade(undefined))).toBeNull()
    endpoint({ logger })
    expect(said).toHaveLength(2)
  })
})

describe('the answer to a call', () => {
  async function ask(fields: Record<string, string>, signature?: string): Promise<Request> {
    return new Request('http://10.0.0.7:3000/v1/twilio/voice', {
      method: 'POST',
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        'x-twilio-signature': signature ?? (await signTwilioRequest(authToken, `${publicUrl}/v1/twilio/voice`, fields)),
      },
      body: new URLSearchParams(fields).toString(),
    })
  }
  const fields = { CallSid: 'CA1', From: '+15550100', To: '+15550200', Zulu: 'z', Alpha: 'ä & b' }

  test('TW-1 a signed question is answered with the address of the media and who calls', async () => {
    const mount = endpoint().mount({ parameters: ({ CallSid }) => ({ room: `room-${CallSid}` }) })
    const response = await mount.fetch(await ask(fields))
    expect(response?.status).toBe(200)
    expect(response?.headers.get('content-type')).toContain('text/xml')
    const text = await response?.text()
    expect(text).toContain('<Stream url="wss://calls.example.com/v1/twilio/media">')
    for (const [name, value] of [
      ['from', '+15550100'],
      ['to', '+15550200'],
      ['room', 'room-CA1'],
    ]) {
      expect(text).toContain(`<Parameter name="${name}" value="${value}"/>`)
    }
  })

  test('TW-1 a question with a changed field, or too long, is refused; other paths are not ours', async () => {
    const signature = await signTwilioRequest(authToken, `${publicUrl}/v1/twilio/voice`, fields)
    const mount = endpoint().mount()
    expect((await mount.fetch(await ask({ ...fields, From: '+15559999' }, signature)))?.status).toBe(403)
    expect((await mount.fetch(await ask({ Body: 'x'.repeat(70_000) })))?.status).toBe(413)
    expect(await mount.fetch(new Request('http://x.example/v1/twilio/voices', { method: 'POST' }))).toBeNull()
    expect((await mount.fetch(new Request('http://x.example/v1/twilio/voice')))?.status).toBe(405)
  })

  test('TW-1 of a JSON body the hash in the signed query is compared', async () => {
    const body = '{"a":1}'
    const hash = createHash('sha256').update(body).digest('hex')
    const query = `?bodySHA256=${hash}`
    const signature = await signTwilioRequest(authToken, `${publicUrl}/v1/twilio/voice${query}`)
    const request = (text: string): Request =>
      new Request(`http://10.0.0.7:3000/v1/twilio/voice${query}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-twilio-signature': signature },
        body: text,
      })
    expect((await endpoint().answer(request(body))).status).toBe(200)
    expect((await endpoint().answer(request('{"a":2}'))).status).toBe(403)
  })

  test('what is given along is escaped', () => {
    expect(twimlConnect('wss://a.example/x?y=1&z=2', { 'na"me': `<'&>\u0007` })).toBe(
      '<?xml version="1.0" encoding="UTF-8"?><Response><Connect><Stream url="wss://a.example/x?y=1&amp;z=2"><Parameter name="na&quot;me" value="&lt;&apos;&amp;&gt;"/></Stream></Connect></Response>',
    )
  })
})

test('defaults: Twilio', () => {
  expect(twilioDefaults).toEqual({
    apiBase: 'https://api.twilio.com',
    verify: true,
    streamPath: '/v1/twilio/media',
    voicePath: '/v1/twilio/voice',
    recordText: false,
  })
})

test('options that cannot work are refused by name', () => {
  expect(() => endpoint({ authToken: '' })).toThrow('authToken')
  expect(() => endpoint({ publicUrl: 'calls.example.com' })).toThrow('publicUrl')
  expect(() => endpoint({ apiBase: 'ftp://x' })).toThrow('apiBase')
  expect(() => endpoint({ streamPath: 'media' })).toThrow('streamPath')
  const misspelt = { verfy: false } as object
  expect(() => endpoint(misspelt)).toThrow('verify')
})
