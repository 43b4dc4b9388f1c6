/** Words that take or refuse a call, by language. */
const words: Readonly<Record<string, { accept: readonly string[]; decline: readonly string[] }>> = {
  en: {
    accept: [
      'yes',
      'yeah',
      'yep',
      'sure',
      'ok',
      'okay',
      'accept',
      'put them through',
      'put him through',
      'put her through',
      'i ll take it',
      'connect',
    ],
    decline: ['no', 'nope', 'decline', 'not now', 'can t', 'cannot', 'don t', 'reject', 'busy'],
  },
  de: {
    accept: ['ja', 'gerne', 'ok', 'okay', 'annehmen', 'verbinden', 'in ordnung'],
    decline: ['nein', 'nicht', 'ablehnen', 'keine zeit'],
  },
  es: { accept: ['si', 'sí', 'claro', 'vale', 'acepto', 'de acuerdo'], decline: ['no', 'ahora no', 'rechazo'] },
  fr: { accept: ['oui', 'd accord', 'ok', 'volontiers', 'j accepte'], decline: ['non', 'pas maintenant', 'refuse'] },
}

/** Whether words take or refuse a call; `null` where they do neither. Words that do both refuse: asking again costs less. */
export function judgeAcceptance(text: string, language: string = 'en'): 'accept' | 'decline' | null {
  const lists = words[language.slice(0, 2).toLowerCase()] ?? words['en']
  const said = ` ${text
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim()} `
  const has = (list: readonly string[] | undefined): boolean =>
    list?.some((word) => said.includes(` ${word} `)) === true
  if (has(lists?.decline)) return 'decline'
  return has(lists?.accept) ? 'accept' : null
}
