import { z } from 'zod'

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
const modelSchema = z.object({
  label: z.string(),
  id: z.string(),
  remote: z.boolean(),
  understands: z.array(
    z.object({ agent: z.string(), intents: z.array(z.object({ id: z.string(), examples: z.array(z.string()) })) }),
  ),
})
const seatSchema = z.object({ roomId: z.string(), participantId: z.string(), token: z.string() })
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

/** Opens a room for a person and lets them in. */
export async function openRoom(person: string | undefined): Promise<Seat> {
  return seatSchema.parse(
    await ask('/demo/rooms', { method: 'POST', body: JSON.stringify(person === undefined ? {} : { person }) }),
  )
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
