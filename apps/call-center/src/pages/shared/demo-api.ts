import { z } from 'zod'
import { summaryReplySchema, type SummaryReply } from '../../workflows/call-summary.ts'

const personSchema = z.object({
  key: z.string(),
  firstName: z.string(),
  lastName: z.string(),
  number: z.string(),
  pin: z.string(),
  story: z.string(),
  firstWords: z.string(),
})
const agentSchema = z.object({ id: z.string(), name: z.string(), role: z.string(), phase: z.string().optional() })
const peopleSchema = z.object({ people: z.array(personSchema), agents: z.array(agentSchema) })
const engineSchema = z.object({ id: z.string(), label: z.string(), remark: z.string() })
const modelSchema = z.object({
  label: z.string(),
  id: z.string(),
  remote: z.boolean(),
  understands: z.array(
    z.object({ agent: z.string(), intents: z.array(z.object({ id: z.string(), examples: z.array(z.string()) })) }),
  ),
  voice: z
    .object({
      hearing: engineSchema,
      speech: engineSchema,
      /** Whether calls may be recorded. */
      records: z.boolean(),
    })
    .optional(),
})
const seatSchema = z.object({ roomId: z.string(), participantId: z.string(), token: z.string() })
const openedSchema = z.object({ call_id: z.string(), token: z.string() })
const deskSchema = z.object({
  token: z.string().optional(),
  agents: z.array(agentSchema),
  contracts: z.record(z.string(), z.looseObject({})),
})

/** One of the people that a visitor may play. */
export type DemoPerson = z.infer<typeof personSchema>
/** Who an agent is. */
export type AgentCard = z.infer<typeof agentSchema>
/** What does the work, and what it understands. */
export type ModelInfo = z.infer<typeof modelSchema>
/** What calls are heard and spoken with. */
export type VoiceInfo = NonNullable<ModelInfo['voice']>
/** A caller's place in a room. */
export type Seat = z.infer<typeof seatSchema>
/** What a desk starts with. */
export type DeskSetup = z.infer<typeof deskSchema>

/** The people of the demo, and the agents they may meet. */
export async function fetchPeople(): Promise<{ people: DemoPerson[]; agents: AgentCard[] }> {
  return peopleSchema.parse(await ask('/demo/people'))
}

/** What does the work. */
export async function fetchModel(): Promise<ModelInfo> {
  return modelSchema.parse(await ask('/demo/model'))
}

/** Opens a room for a person and lets them in; `after` links it to their former one. */
export async function openRoom({
  person,
  isCall,
  after,
}: {
  person: string | undefined
  isCall: boolean
  after?: Pick<Seat, 'roomId' | 'token'> | undefined
}): Promise<Seat> {
  const body = {
    ...(person === undefined ? {} : { person }),
    ...(isCall ? { call: true } : {}),
    ...(after === undefined ? {} : { after: after.roomId }),
  }
  const token = after === undefined ? {} : { token: after.token }
  return seatSchema.parse(await ask('/demo/rooms', { method: 'POST', body: JSON.stringify(body), ...token }))
}

/** Prepares a call in the caller's room. */
export async function openCall(
  { roomId, token }: Pick<Seat, 'roomId' | 'token'>,
  { recording }: { recording?: boolean | undefined },
): Promise<{ callId: string; token: string }> {
  const path = `/v1/rooms/${encodeURIComponent(roomId)}/calls`
  const body = JSON.stringify(recording === undefined ? {} : { recording })
  const opened = openedSchema.parse(await ask(path, { method: 'POST', body, token }))
  return { callId: opened.call_id, token: opened.token }
}

/** The recording of the caller's last call, once it is kept; undefined as long as it is not. */
export async function fetchRecording({ roomId, token }: Pick<Seat, 'roomId' | 'token'>): Promise<Blob | undefined> {
  const response = await fetch(`/demo/rooms/${encodeURIComponent(roomId)}/recording`, {
    headers: { authorization: `Bearer ${token}` },
  })
  return response.ok && response.status === 200 ? response.blob() : undefined
}

/** The summary of a conversation that has ended, or how far it is. */
export async function fetchSummary({ roomId, token }: Pick<Seat, 'roomId' | 'token'>): Promise<SummaryReply> {
  return summaryReplySchema.parse(await ask(`/demo/rooms/${encodeURIComponent(roomId)}/summary`, { token }))
}

/** Keeps whether the caller was helped. */
export async function tellSolved({ roomId, token }: Pick<Seat, 'roomId' | 'token'>, isSolved: boolean): Promise<void> {
  const path = `/demo/rooms/${encodeURIComponent(roomId)}/solved`
  await ask(path, { method: 'POST', body: JSON.stringify({ solved: isSolved }), token })
}

/** A new token for the same place, while the old one is valid. */
export async function renewToken({ roomId, token }: Pick<Seat, 'roomId' | 'token'>): Promise<string> {
  const path = `/demo/rooms/${encodeURIComponent(roomId)}/token`
  return z.object({ token: z.string() }).parse(await ask(path, { method: 'POST', body: '{}', token })).token
}

/** Ends the caller's own conversation. */
export async function endRoom({ roomId, token }: Pick<Seat, 'roomId' | 'token'>): Promise<void> {
  await ask(`/demo/rooms/${encodeURIComponent(roomId)}/end`, { method: 'POST', body: '{}', token })
}

/** Agents, contracts, and on a loopback server the desk's token. */
export async function fetchDesk(): Promise<DeskSetup> {
  return deskSchema.parse(await ask('/demo/desk'))
}

/** What the business knows of a customer. */
export async function fetchCustomer(accountId: string, token: string | undefined): Promise<unknown> {
  return ask(`/demo/customer/${encodeURIComponent(accountId)}`, token === undefined ? {} : { token })
}

/** @throws {Error} with the server's sentence, or that it was not reached */
async function ask(path: string, { token, ...init }: RequestInit & { token?: string } = {}): Promise<unknown> {
  let response: Response
  try {
    response = await fetch(path, {
      ...init,
      headers: {
        ...(init.body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      },
    })
  } catch (cause) {
    throw new Error('The server was not reached. Check that it runs, then try again.', { cause })
  }
  const body: unknown = await response.json().catch(() => undefined) // a proxy's page is no answer of ours
  if (response.ok) return body
  const problem = z.object({ detail: z.string() }).safeParse(body)
  throw new Error(problem.success ? problem.data.detail : `The server answered ${response.status}. Try again.`)
}
