import { redactText } from './redact-text.ts'

/** What was found in a text, without the text itself. */
export interface UntrustedFlags {
  /** A line that begins as if somebody else spoke: `system:`. */
  role_marker: boolean
  /** A token by which chat templates tell who speaks. */
  template_token: boolean
  /** An order to forget or replace what was said before. */
  imperative_override: boolean
  /** The shape in which models call tools. */
  tool_call_syntax: boolean
}

/** A text that may be placed in a prompt as data. */
export interface CleanedText {
  text: string
  flags: UntrustedFlags
  /** Little is left but orders: nothing, fewer than 30 characters, or three and more replacements. */
  predominantlyInstructional: boolean
}

/** Put in place of what looks like an instruction. */
export const NEUTRALIZED = '[NEUTRALIZED]'

/** Characters that nobody sees: zero width, marks of direction, tags, the soft hyphen. */
const invisible = /[\u00AD\u061C\u180E\u200B-\u200F\u202A-\u202E\u2060-\u2064\u2066-\u206F\uFEFF\u{E0000}-\u{E007F}]/gu

/** Letters of other alphabets that look like Latin ones, and those that they look like. */
const lookAlikes: ReadonlyMap<string, string> = new Map(
  Object.entries({
    а: 'a',
    е: 'e',
    о: 'o',
    р: 'p',
    с: 'c',
    х: 'x',
    у: 'y',
    і: 'i',
    ј: 'j',
    ѕ: 's',
    һ: 'h',
    ԁ: 'd',
    ɡ: 'g',
    ո: 'n',
    А: 'A',
    В: 'B',
    Е: 'E',
    К: 'K',
    М: 'M',
    Н: 'H',
    О: 'O',
    Р: 'P',
    С: 'C',
    Т: 'T',
    Х: 'X',
    У: 'Y',
    І: 'I',
    Ј: 'J',
    Ѕ: 'S',
    α: 'a',
    ε: 'e',
    ι: 'i',
    κ: 'k',
    ν: 'v',
    ο: 'o',
    ρ: 'p',
    τ: 't',
    υ: 'u',
    χ: 'x',
    Α: 'A',
    Β: 'B',
    Ε: 'E',
    Ζ: 'Z',
    Η: 'H',
    Ι: 'I',
    Κ: 'K',
    Μ: 'M',
    Ν: 'N',
    Ο: 'O',
    Ρ: 'P',
    Τ: 'T',
    Υ: 'Y',
    Χ: 'X',
  }),
)

const lookAlike = new RegExp(`[${[...lookAlikes.keys()].join('')}]`, 'gu')

/** Words and signs that belong to the frame of a conversation, not to its content. Each is bounded: time stays linear. */
const patterns: readonly { flag: keyof UntrustedFlags; pattern: RegExp }[] = [
  { flag: 'template_token', pattern: /<\|[a-z0-9_ -]{1,40}\|>/giu },
  { flag: 'template_token', pattern: /<\/?(?:start|end)_of_turn>|<\/?s>|\[\/?INST\]|<<\/?SYS>>/giu },
  { flag: 'template_token', pattern: /<\/?(?:system|assistant|user|human|instructions?)>/giu },
  {
    flag: 'role_marker',
    pattern:
      /^[ \t>*#_`-]{0,12}(?:system|assistant|user|human|developer|tool)(?: (?:message|prompt|note))?[ \t*_`]{0,6}:/gimu,
  },
  {
    flag: 'imperative_override',
    pattern:
      /\b(?:ignore|disregard|forget|override|bypass|discard)\b[^.!?\n]{0,60}?\b(?:instructions?|prompts?|rules?|guidelines?|directions?|guardrails?|context|above|everything)\b/giu,
  },
  {
    flag: 'imperative_override',
    pattern:
      /\b(?:reveal|print|repeat|show|dump|leak|output)\b[^.!?\n]{0,40}?\b(?:system prompt|your (?:instructions|rules|prompt)|api keys?|secrets?|credentials|all state)\b/giu,
  },
  {
    flag: 'imperative_override',
    pattern:
      /\b(?:you are now|from now on,? you|act as if you (?:were|are)|pretend (?:to be|that you are)|new instructions?:)/giu,
  },
  {
    flag: 'tool_call_syntax',
    pattern: /<\/?(?:tool_call|function_call|tool_use|function_calls|invoke|parameter)\b[^>\n]{0,200}>/giu,
  },
  { flag: 'tool_call_syntax', pattern: /"(?:tool_calls|function_call|tool_call_id)"[ \t]{0,4}:/giu },
]

/**
 * Prepares text from outside for a prompt: normalizes it, takes away what nobody sees, and neutralizes what looks like
 * the frame of a conversation or an order to leave it. Credentials are masked. Time is linear in the text.
 */
export function sanitizeUntrustedText(text: string, { max = 2_000 }: { max?: number } = {}): CleanedText {
  const flags: UntrustedFlags = {
    role_marker: false,
    template_token: false,
    imperative_override: false,
    tool_call_syntax: false,
  }
  let replaced = 0
  let cleaned = text
    .normalize('NFKC')
    .replace(invisible, '')
    .replace(lookAlike, (letter) => lookAlikes.get(letter) ?? letter)
  for (const { flag, pattern } of patterns) {
    cleaned = cleaned.replace(pattern, () => {
      flags[flag] = true
      replaced += 1
      return NEUTRALIZED
    })
  }
  cleaned = clip(redactText(cleaned), max)
  const left = cleaned.replaceAll(NEUTRALIZED, '').trim().length
  const hasFlag = replaced > 0
  return {
    text: cleaned,
    flags,
    predominantlyInstructional: left === 0 || replaced >= 3 || (hasFlag && left < 30),
  }
}

/** Cuts at a length in characters, never through a pair. */
function clip(text: string, max: number): string {
  if (text.length <= max) return text
  const last = text.charCodeAt(max - 1)
  return text.slice(0, last >= 0xd800 && last <= 0xdbff ? max - 1 : max)
}
