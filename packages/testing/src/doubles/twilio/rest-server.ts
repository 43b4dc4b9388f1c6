import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Clock } from '@parley/spec'

/** A request to Twilio's HTTP interface; never its credentials. */
export interface TwilioRestRequest {
  path: string
  fields: Record<string, string>
  atMs: number
  status: number
}

/** Twilio's HTTP interface of one account, as far as calls need it. */
export interface TwilioRestServer {
  /** Starts it on 127.0.0.1 and gives its address. */
  listen(): Promise<string>
  /** Answers in memory, without a server. */
  readonly fetch: typeof fetch
  readonly requests: readonly TwilioRestRequest[]
  /** The next request is answered so. */
  refuse(status: number, body?: object, headers?: Record<string, string>): void
  close(): Promise<void>
}

/** Makes it; nothing listens before `listen`. */
export function createTwilioRestServer(options: {
  clock: Clock
  accountSid: string
  callSid: string
  authToken: string
  isOver(): boolean
  /** The call is ended, or led elsewhere. */
  onUpdate(fields: Record<string, string>): void
}): TwilioRestServer {
  const { clock, accountSid, callSid, authToken, isOver, onUpdate } = options
  const requests: TwilioRestRequest[] = []
  const refusals: { status: number; body: object; headers: Record<string, string> }[] = []
  const path = `/2010-04-01/Accounts/${accountSid}/Calls/${callSid}.json`
  const credentials = `Basic ${Buffer.from(`${accountSid}:${authToken}`).toString('base64')}`

  interface Question {
    method: string
    path: string
    authorization: string | undefined
    body: string
  }
  interface Reply {
    status: number
    body: object
    headers?: Record<string, string>
  }
  const decide = ({ method, path: asked, authorization }: Question, fields: Record<string, string>): Reply => {
    if (authorization !== credentials)
      return { status: 401, body: { code: 20003, message: 'Authenticate', status: 401 } }
    const refusal = refusals.shift()
    if (refusal !== undefined) return refusal
    if (method !== 'POST' || asked !== path || isOver()) {
      return { status: 404, body: { code: 20404, message: 'The requested resource was not found', status: 404 } }
    }
    if (fields['Status'] !== 'completed' && fields['Twiml'] === undefined) {
      return { status: 400, body: { code: 20001, message: 'Bad request', status: 400 } }
    }
    onUpdate(fields)
    return { status: 200, body: { sid: callSid, status: fields['Status'] ?? 'in-progress' } }
  }
  const answer = (question: Question): Reply => {
    const fields = Object.fromEntries(new URLSearchParams(question.body))
    const reply = decide(question, fields)
    requests.push({ path: question.path, fields, atMs: clock.monotonicMs(), status: reply.status })
    return reply
  }
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const {
        method = '',
        url = '',
        headers: { authorization },
      } = request
      const reply = answer({ method, path: url, authorization, body: Buffer.concat(chunks).toString('utf8') })
      response
        .writeHead(reply.status, { 'content-type': 'application/json', ...reply.headers })
        .end(JSON.stringify(reply.body))
    })
  })
  return {
    requests,
    refuse: (status, body = { code: 20429, message: 'Too Many Requests', status }, headers = {}) =>
      void refusals.push({ status, body, headers }),
    async listen() {
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject)
        server.listen(0, '127.0.0.1', resolve)
      })
      // A listening TCP server has a port.
      const { port } = server.address() as AddressInfo
      return `http://127.0.0.1:${port}`
    },
    async fetch(input, init) {
      const request = new Request(input, init)
      const { status, body, headers } = answer({
        method: request.method,
        path: new URL(request.url).pathname,
        authorization: request.headers.get('authorization') ?? undefined,
        body: await request.text(),
      })
      return Response.json(body, { status, ...(headers && { headers }) })
    },
    close: () =>
      new Promise((resolve) => {
        if (!server.listening) return resolve()
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
