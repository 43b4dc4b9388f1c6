import { englishCardinal, englishDecimal, englishDigits, englishOrdinal, englishYear } from './english-numbers.ts'
import { numberWords, type NumberWords } from './number-words.ts'
import type { SpokenRule } from './spoken-units.ts'

const signs: Readonly<Record<string, string>> = { $: 'USD', '€': 'EUR', '£': 'GBP', '¥': 'JPY', R$: 'BRL', '₹': 'INR' }
const scaleWords =
  '(?: (million|billion|trillion|thousand|millions?|milliards?|Millionen|Milliarden|millones|milioni|milhões|miljoen|miljard))?'
const amount = String.raw`\d+(?:[.,\u00A0\u202F]\d{3})*(?:[.,]\d+)?`

/** How numbers are said in a language; none where its words are not known. */
export function numberRules(language: string): readonly SpokenRule[] {
  const table = numberWords(language)
  return table === undefined ? [] : makeRules(language, table)
}

function makeRules(language: string, table: NumberWords): SpokenRule[] {
  const isEnglish = language === 'en'
  const plain = (text: string): string =>
    isEnglish ? englishDecimal(text) : text.replace('.', table.hasDecimalComma ? ',' : '.')
  const glue = language === 'zh' || language === 'ja' ? '' : ' '
  const count = (value: string, forms: string): string => `${plain(value)}${glue}${form(forms, value)}`

  function money(code: string, value: string, scale: string | undefined): string | null {
    const names = table.currencies[code]
    if (names === undefined) return null
    if (scale !== undefined) return `${plain(value)} ${scale} ${form(names[0], '2')}`
    const [whole = '0', fraction = ''] = value.split('.')
    const cents = Number(fraction.padEnd(2, '0').slice(0, 2))
    if (fraction.length > 2 || cents === 0) return count(fraction.length > 2 ? value : whole, names[0])
    if (Number(whole) === 0) return count(String(cents), names[1])
    const tail = isEnglish ? count(String(cents), names[1]) : `${cents}${glue === '' ? names[1] : ''}`
    return `${count(whole, names[0])}${table.and}${tail}`
  }

  function date(year: number | null, month: number, day: number): string | null {
    const name = table.months[month - 1]
    if (name === undefined || day < 1 || day > 31) return null
    if (isEnglish) return `${name} ${englishOrdinal(day)}${year === null ? '' : `, ${englishYear(year)}`}`
    if (glue === '') return `${year === null ? '' : `${year}年`}${name}${day}日`
    const of = language === 'es' || language === 'pt' ? ' de ' : ' '
    return `${day}${language === 'de' ? '.' : ''}${of}${name}${year === null ? '' : `${of}${year}`}`
  }

  // The same sign is written for two currencies.
  const signOf = (sign: string): string => (sign === '¥' && language === 'zh' ? 'CNY' : (signs[sign] ?? sign))
  const number = (text: string): string => toPlainNumber(text, table.hasDecimalComma)
  const codes = Object.keys(table.currencies).join('|')
  const units = Object.keys(table.units).sort((one, other) => other.length - one.length)
  const rules: SpokenRule[] = [
    {
      pattern: /(?<![\d-])(\d{4})-(\d{2})-(\d{2})(?![\d-])/gu,
      speak: ([, year, month, day]) => date(Number(year), Number(month), Number(day)),
    },
    ...(isEnglish ? englishDates(date) : [numericDate(date)]),
    {
      pattern: new RegExp(`(R\\$|[$€£¥₹])\\s?(${amount})${scaleWords}(?!\\d)`, 'gu'),
      speak: ([, sign = '', value = '', scale]) => money(signOf(sign), number(value), scale),
    },
    {
      pattern: new RegExp(`(?<![\\d.,])(${amount})${scaleWords}\\s?([$€£¥]|(?:${codes})(?!\\p{L}))`, 'gu'),
      speak: ([, value = '', scale, sign = '']) => money(signOf(sign), number(value), scale),
    },
    {
      pattern: new RegExp(`(?<!\\p{L})(${codes})\\s?(${amount})${scaleWords}(?!\\d)`, 'gu'),
      speak: ([, code = '', value = '', scale]) => money(code, number(value), scale),
    },
    phone(isEnglish),
    {
      pattern: new RegExp(`(?<![\\d.,])(${amount})\\s?%`, 'gu'),
      speak: ([, value = '']) => `${plain(number(value))}${table.percent === '%' ? '%' : `${glue}${table.percent}`}`,
    },
    {
      pattern: new RegExp(
        `(?<![\\d.,\\p{L}])(${amount})[ \\u00A0\\u202F]?(${units.map(escape).join('|')})(?![\\p{L}\\p{N}/])`,
        'gu',
      ),
      speak: ([, value = '', unit = '']) => count(number(value), table.units[unit] ?? unit),
    },
  ]
  if (table.ordinals !== undefined) {
    const { suffix, words } = table.ordinals
    rules.push({
      pattern: new RegExp(`(?<![\\d.,\\p{L}])(\\d{1,2})(?:${suffix})(?![\\p{L}\\p{N}])`, 'gu'),
      speak: ([, value]) => words[Number(value) - 1] ?? null,
    })
  }
  const { hour } = table
  if (hour !== undefined) {
    rules.push({
      pattern: /(?<![\d:.,])([01]?\d|2[0-3]):([0-5]\d)(?![\d:])(?: (?:Uhr|heures|uur))?/gu,
      speak: ([, hours, minutes]) => `${Number(hours)}${hour}${Number(minutes) === 0 ? '' : Number(minutes)}`.trimEnd(),
    })
  }
  if (isEnglish) rules.push(...englishRules)
  return rules
}

function form(forms: string, value: string): string {
  const [one = '', many = one] = forms.split('|')
  return Number(value) === 1 ? one : many
}

function escape(text: string): string {
  return text.replace(
    /[/°]/gu,
    (char) => `\\${char === '/' ? '/' : `u${char.charCodeAt(0).toString(16).padStart(4, '0')}`}`,
  )
}

/** A written number with a point as its decimal mark and nothing between thousands. */
function toPlainNumber(text: string, hasDecimalComma: boolean): string {
  const tight = text.replace(/[\u00A0\u202F]/gu, '')
  const last = Math.max(tight.lastIndexOf(','), tight.lastIndexOf('.'))
  if (last < 0) return tight
  const mark = tight.charAt(last)
  const isOnly = !tight.slice(0, last).includes(mark)
  const isOther = tight.includes(mark === ',' ? '.' : ',')
  // "1.234" is a thousand where a comma is the decimal mark, and the other way round.
  const isDecimal = isOnly && (isOther || (mark === ',') === hasDecimalComma || tight.length - last !== 4)
  if (!isDecimal) return tight.replace(/[.,]/gu, '')
  return `${tight.slice(0, last).replace(/[.,]/gu, '')}.${tight.slice(last + 1)}`
}

function phone(isEnglish: boolean): SpokenRule {
  return {
    pattern:
      /(?<![\d.,\p{L}])(?:\+\d{1,3}(?:[ .-]?\(?\d{1,4}\)?){2,5}|\(\d{2,5}\)[ -]?\d{3,4}[ -]?\d{2,5}|(?:1[-.])?\d{3}[-.]\d{3}[-.]\d{4}|\d{3}-\d{4}|0\d{2,4}[ /-]\d{3,4}(?:[ -]?\d{2,4}){0,3})(?!\d)/gu,
    speak: ([text]) => {
      // Fewer digits are an amount or a score.
      if ((text.match(/\d/gu)?.length ?? 0) < 7) return null
      const plus = text.startsWith('+') ? (isEnglish ? 'plus ' : '+') : ''
      if (isEnglish) return plus + englishDigits(text)
      return plus + (text.match(/\d+/gu) ?? []).map((group) => group.split('').join(' ')).join(', ')
    },
  }
}

type SayDate = (year: number | null, month: number, day: number) => string | null

const englishMonths = 'January|February|March|April|May|June|July|August|September|October|November|December'

function englishDates(date: SayDate): SpokenRule[] {
  const month = (name: string): number =>
    englishMonths.split('|').findIndex((each) => each.startsWith(name.slice(0, 3))) + 1
  const name = `(${englishMonths}|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)`
  return [
    {
      pattern: new RegExp(`(?<!\\p{L})${name}\\.? (\\d{1,2})(?:st|nd|rd|th)?(?:,? (\\d{4}))?(?![\\d:%]|[.,]\\d)`, 'gu'),
      speak: ([, monthName = '', day, year]) =>
        date(year === undefined ? null : Number(year), month(monthName), Number(day)),
    },
    {
      pattern: new RegExp(`(?<![\\d.,:])(\\d{1,2})(?:st|nd|rd|th)? ${name}(?!\\p{L})\\.?(?:,? (\\d{4}))?(?!\\d)`, 'gu'),
      speak: ([, day, monthName = '', year]) =>
        date(year === undefined ? null : Number(year), month(monthName), Number(day)),
    },
    {
      // Written by Americans: the month comes first, unless it cannot.
      pattern: /(?<![\d/.])(\d{1,2})\/(\d{1,2})\/(\d{4})(?![\d/])/gu,
      speak: ([, one, other, year]) =>
        Number(one) > 12
          ? date(Number(year), Number(other), Number(one))
          : date(Number(year), Number(one), Number(other)),
    },
  ]
}

function numericDate(date: SayDate): SpokenRule {
  return {
    pattern: /(?<![\d/.])(\d{1,2})[./](\d{1,2})[./](\d{4})(?![\d/])/gu,
    speak: ([, day, month, year]) => date(Number(year), Number(month), Number(day)),
  }
}

const englishRules: readonly SpokenRule[] = [
  {
    pattern: /(?<![\d:.,])(\d{1,2}):([0-5]\d)(?![\d:])(?:\s?([ap])\.?m\b\.?(?=\s+\p{Ll}|[,;!?]|$)|\s?([ap])\.?m\b)?/giu,
    speak: ([, hours, minutes, one, other]) => {
      if (Number(hours) > 24) return null
      const half = (one ?? other)?.toLowerCase()
      const minute = Number(minutes)
      const tail =
        minute === 0 ? (half === undefined ? " o'clock" : '') : ` ${minute < 10 ? 'oh ' : ''}${englishCardinal(minute)}`
      return `${englishCardinal(Number(hours))}${tail}${half === undefined ? '' : ` ${half} m`}`
    },
  },
  {
    pattern: /(?<![\d.,])(\d{1,6})(?:st|nd|rd|th)\b/gu,
    speak: ([, value]) => englishOrdinal(Number(value)),
  },
  {
    pattern: /(?<![\d.,\p{L}])(\d{1,3}(?:,\d{3})+(?:\.\d+)?)(?![\d,]*\d|\p{L})/gu,
    speak: ([, value = '']) => englishDecimal(value.replaceAll(',', '')),
  },
]
