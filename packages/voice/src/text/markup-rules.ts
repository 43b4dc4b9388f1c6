import type { SpokenRule } from './spoken-units.ts'

const nothing = (): string => ''

/** Markdown: marks are not said; of a link its text, of an image and of code blocks nothing. */
export const markdownRules: readonly SpokenRule[] = [
  { pattern: /```[^\n`]*\n[\s\S]*?(?:```|$)/gu, speak: nothing },
  { pattern: /```/gu, speak: nothing },
  { pattern: /!\[[^\]\n]*\]\([^)\n]*\)/gu, speak: nothing },
  // Of a link: the bracket in front, and the address behind.
  { pattern: /\[(?=[^\]\n]*\]\([^)\n]*\))/gu, speak: nothing },
  { pattern: /\]\([^)\n]*\)/gu, speak: nothing },
  // Lines of nothing but marks, then marks at the start of lines.
  { pattern: /^[ \t]*\|?[ \t]*:?-{3,}:?[ \t]*(?:\|[ \t]*:?-{3,}:?[ \t]*)*\|?[ \t]*$/gmu, speak: nothing },
  { pattern: /^[ \t]*[*_]{3,}[ \t]*$/gmu, speak: nothing },
  { pattern: /^[ \t]*(?:#{1,6}[ \t]+|[-*+•][ \t]+(?:\[[ xX]\][ \t]+)?|>[ \t]?)/gmu, speak: nothing },
  // Cells of a table, one after the other.
  {
    pattern: /^[ \t]*\|[^\n]*$/gmu,
    speak: ([line]) =>
      line
        .split('|')
        .map((cell) => cell.replaceAll(/[*_`]/gu, '').trim())
        .filter((cell) => cell !== '')
        .join(', '),
  },
  // Emphasis: marks that touch a word. "2 * 3" and "snake_case" are none.
  { pattern: /\*{2,3}(?=\S)|(?<=\S)\*{2,3}|~~|`+/gu, speak: nothing },
  { pattern: /(?<![\p{L}\p{N}_])_{1,3}(?=[^\s_])|(?<=[^\s_])_{1,3}(?![\p{L}\p{N}_])/gu, speak: nothing },
  { pattern: /(?<![\p{L}\p{N}*])\*(?=[^\s*])|(?<=[^\s*])\*(?![\p{L}\p{N}*])/gu, speak: nothing },
]

/** Emoji are not said; nor is the white space behind one, so that no gap is. */
export const emojiRules: readonly SpokenRule[] = [
  {
    pattern:
      /(?:\p{Regional_Indicator}{2}|[0-9#*]\uFE0F?\u20E3|(?![©®™‼⁉ℹ↔-↪])\p{Extended_Pictographic}[\uFE0F\p{Emoji_Modifier}]*(?:\u200D\p{Extended_Pictographic}[\uFE0F\p{Emoji_Modifier}]*)*)[ \t]?/gu,
    speak: nothing,
  },
]

/** Of an address of the web only the domain is said. */
export const urlRules: readonly SpokenRule[] = [
  {
    pattern: /(?:https?:\/\/(?:www\.)?|(?<![\p{L}\p{N}.@])www\.)([^\s/?#:<>()[\]"']+)([^\s<>()[\]"']*)/giu,
    speak: (match) => {
      const rest = match[2] ?? ''
      const domain = match[1] ?? ''
      // The mark that ends the sentence is not part of the address.
      const mark = /[.,;:!?…]+$/u.exec(rest === '' ? domain : rest)?.[0] ?? ''
      return (rest === '' && mark !== '' ? domain.slice(0, -mark.length) : domain) + mark
    },
  },
]
