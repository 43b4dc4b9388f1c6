import type { AmdVerdict } from '../turn/verdicts.ts'

/** What only some kinds of answerer say. Texts are compared in lower case without punctuation. */
export interface AmdPhrases {
  machine: readonly string[]
  ivr: readonly string[]
  unavailable: readonly string[]
}

/** Phrases by language; each list can be replaced. */
export const defaultAmdPhrases: Readonly<Record<string, AmdPhrases>> = {
  en: {
    machine: [
      'leave a message',
      'leave me a message',
      'leave your message',
      'leave your name',
      'after the beep',
      'after the tone',
      'at the tone',
      'at the beep',
      'voicemail',
      'voice mail',
      'answering machine',
      'record your message',
      'get back to you',
      'call you back as soon',
      'not available right now',
      'unable to take your call',
      'can t come to the phone',
      'cant come to the phone',
      'cannot take your call',
      'mailbox',
      'you have reached',
      'you ve reached',
      'youve reached',
    ],
    ivr: [
      'press one',
      'press two',
      'press 1',
      'press 2',
      'press 0',
      'press zero',
      'press the',
      'main menu',
      'for sales',
      'for support',
      'following options',
      'enter your',
      'say or press',
      'your call may be recorded',
      'all our agents are busy',
      'please hold',
      'para espanol',
    ],
    unavailable: [
      'not in service',
      'no longer in service',
      'has been disconnected',
      'cannot be completed as dialed',
      'is not reachable',
      'number you have dialed',
      'number you dialed',
      'check the number',
      'mailbox is full',
      'mailbox full',
    ],
  },
  de: {
    machine: [
      'hinterlassen sie',
      'nach dem signalton',
      'nach dem ton',
      'nach dem piep',
      'mailbox',
      'anrufbeantworter',
      'sprachbox',
      'rufen sie zuruck',
      'nicht erreichbar bin',
      'nachricht hinterlassen',
    ],
    ivr: [
      'drucken sie die',
      'drucken sie',
      'wahlen sie',
      'hauptmenu',
      'bitte warten sie',
      'gesprach kann aufgezeichnet',
    ],
    unavailable: [
      'kein anschluss unter dieser nummer',
      'nummer ist nicht vergeben',
      'teilnehmer ist nicht erreichbar',
      'derzeit nicht erreichbar',
    ],
  },
  es: {
    machine: [
      'deje su mensaje',
      'deja tu mensaje',
      'despues del tono',
      'despues de la senal',
      'buzon de voz',
      'contestador',
      'no podemos atender',
      'no puedo atender',
    ],
    ivr: [
      'pulse uno',
      'pulse 1',
      'marque uno',
      'marque 1',
      'oprima',
      'menu principal',
      'para ventas',
      'permanezca a la espera',
    ],
    unavailable: [
      'no existe',
      'fuera de servicio',
      'no esta disponible en este momento',
      'fuera de cobertura',
      'buzon esta lleno',
    ],
  },
  fr: {
    machine: [
      'laissez un message',
      'laissez votre message',
      'laisser un message',
      'apres le bip',
      'apres le signal sonore',
      'messagerie',
      'repondeur',
      'rappellerai',
    ],
    ivr: ['tapez 1', 'tapez un', 'appuyez sur', 'menu principal', 'veuillez patienter', 'faites le 1'],
    unavailable: [
      'n est pas attribue',
      'n est plus en service',
      'pas joignable',
      'injoignable',
      'messagerie est pleine',
    ],
  },
}

/** Lower case, without accents or punctuation, single spaces. */
function plain(text: string): string {
  return text
    .toLowerCase()
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim()
}

/** Judges by what was said; `null` where the words decide nothing. A menu wins over a greeting, a dead line over both. */
export function judgePhrases(
  text: string,
  {
    language = 'en',
    phrases = defaultAmdPhrases,
  }: { language?: string; phrases?: Readonly<Record<string, AmdPhrases>> } = {},
): Exclude<AmdVerdict, 'human' | 'uncertain'> | null {
  const lists = phrases[language.toLowerCase()] ?? phrases[language.slice(0, 2).toLowerCase()] ?? phrases['en']
  if (lists === undefined) return null
  const said = ` ${plain(text)} `
  const has = (list: readonly string[]): boolean => list.some((phrase) => said.includes(` ${phrase} `))
  if (has(lists.unavailable)) return 'unavailable'
  if (has(lists.ivr)) return 'ivr'
  return has(lists.machine) ? 'machine' : null
}
