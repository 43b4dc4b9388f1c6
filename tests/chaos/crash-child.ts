// A process that a test lets die: node crash-child.ts FOLDER RECORD when|resume. Its transport writes every delivery to a
// file at once, and `when` says where the process kills itself on the line "boom".
import { appendFileSync } from 'node:fs'
import { createPostgresStore, openDatabase } from '@parley/postgres'
import { Kit } from '@parley/kit'
import type { Channel, Delivery, TurnContext, TurnOutput } from '@parley/spec'

const [folder = '', record = '', when = ''] = process.argv.slice(2)
const database = await openDatabase(`file:${folder}`)
const store = createPostgresStore({ database })
const note = (entry: object): void => appendFileSync(record, `${JSON.stringify(entry)}\n`)
const die = (): never => {
  process.kill(process.pid, 'SIGKILL')
  for (;;);
}

const { commit, advanceDelivered } = store
const isBoom = (value: unknown): boolean => JSON.stringify(value).includes('"text":"boom"')
const mortal = {
  ...store,
  commit: async (...given: Parameters<typeof commit>) => {
    if (when === 'before commit' && isBoom(given[1])) die()
    const outcome = await commit(...given)
    if (when === 'after commit' && isBoom(given[1])) die()
    return outcome
  },
  advanceDelivered: async (...given: Parameters<typeof advanceDelivered>) => {
    if (when === 'before cursor' && given[2] >= 2) die()
    return advanceDelivered(...given)
  },
}

const web: Channel = {
  channelId: 'web',
  channelType: 'websocket',
  category: 'transport',
  capabilities: { content: ['text'] },
  async deliver({ deliveryId, event, content }: Delivery) {
    note({ deliveryId, index: event.index, text: content.type === 'text' ? content.text : content.type })
    return { status: 'sent' }
  },
}
const bot: Channel = {
  channelId: 'bot',
  channelType: 'agent',
  category: 'intelligence',
  capabilities: { content: ['text'] },
  async *takeTurn({ event }: TurnContext): AsyncIterable<TurnOutput> {
    const said = event.content.type === 'text' ? event.content.text : ''
    if (when === 'in turn' && said === 'boom') die()
    yield { type: 'textDelta', text: `heard ${said}` }
  },
}

const kit = new Kit({ store: mortal })
kit.register(web)
kit.register(bot)
await kit.ready()
if (when === 'resume') {
  const events = await kit.events('room')
  await kit.settled('room', { timeoutMs: 20_000 })
  note({ resumed: events.length })
} else {
  await kit.createRoom({ id: 'room', channels: ['web', 'bot'] })
  await kit.send('room', { from: 'ada', text: 'one' }, { wait: 'settled' })
  await kit.settled('room', { timeoutMs: 20_000 })
  await kit.send('room', { from: 'ada', text: 'boom', idempotencyKey: 'boom' })
  await kit.settled('room', { timeoutMs: 20_000 })
}
if (when === 'resume') {
  const again = await kit.send('room', { from: 'ada', text: 'boom', idempotencyKey: 'boom' }, { wait: 'settled' })
  await kit.settled('room', { timeoutMs: 20_000 })
  const log = await kit.events('room', { limit: 1_000 })
  const said = log.map(({ index, source, content }) => ({
    index,
    kind: source.kind,
    text: content.type === 'text' ? content.text : content.type,
  }))
  const { deliveredIndex } = await kit.getRoom('room')
  note({
    log: said,
    deliveredIndex,
    again: again.outcome === 'committed' ? { duplicate: again.duplicate } : again.outcome,
  })
}
await kit.close()
await database.close()
