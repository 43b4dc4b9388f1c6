import type { Content, Json, PendingRequest } from '@parley/spec'
import type { RequestSpec } from '../core/turn-services.ts'

/** What a person's message says to an open request. */
export interface ReadAnswer {
  status: 'approved' | 'rejected' | 'answered'
  value?: Json
}

const yes = new Set([
  'yes',
  'y',
  'yeah',
  'yep',
  'yup',
  'sure',
  'ok',
  'okay',
  'correct',
  'right',
  'confirm',
  'confirmed',
  'please do',
  'do it',
  'go ahead',
  'yes please',
  'absolutely',
  'of course',
])
const no = new Set([
  'no',
  'n',
  'nope',
  'nah',
  'cancel',
  'stop',
  "don't",
  'dont',
  'do not',
  'no thanks',
  'no thank you',
  'not now',
  'wait',
])

/** Yes or no to a `confirm`, a value the schema takes to an `input`; undefined: an ordinary message. */
export async function readAnswer(
  request: PendingRequest,
  content: Content,
  checkValue: RequestSpec['checkValue'],
): Promise<ReadAnswer | undefined> {
  const text = content.type === 'text' ? content.text : content.type === 'dtmf' ? content.digits : undefined
  if (text === undefined) return undefined
  if (request.kind === 'confirm') return readConfirmation(text)
  for (const value of readings(text)) {
    const checked = checkValue === undefined ? { ok: false as const } : await checkValue(value)
    if (checked.ok) return { status: 'answered', value: checked.value }
  }
  return undefined
}

function readConfirmation(text: string): ReadAnswer | undefined {
  const said = text
    .toLowerCase()
    .replaceAll(/[.,!?]/g, ' ')
    .replaceAll(/\s+/g, ' ')
    .trim()
  const firstWord = said.split(' ')[0] ?? ''
  const isShort = said.split(' ').length <= 6
  if (no.has(said) || (isShort && no.has(firstWord))) return { status: 'rejected' }
  if (yes.has(said) || (isShort && yes.has(firstWord))) return { status: 'approved' }
  return undefined
}

/** What a text may stand for: itself, a number, a truth value. */
function readings(text: string): Json[] {
  const trimmed = text.trim()
  const values: Json[] = [trimmed]
  const digits = trimmed.replaceAll(/[\s,$]/g, '')
  // An empty text would be read as 0.
  if (digits !== '' && Number.isFinite(Number(digits))) values.push(Number(digits))
  const confirmation = readConfirmation(trimmed)
  if (confirmation !== undefined) values.push(confirmation.status === 'approved')
  return values
}
