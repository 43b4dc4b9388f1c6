/** What a caller says to which agent, with what must be understood of it: words, or digits in a row. */
export interface CorpusSentence {
  agent: 'triage' | 'billing' | 'technical' | 'retention'
  text: string
  /** Words that decide what happens. */
  slot: string
}

const sentence = (agent: CorpusSentence['agent'], text: string, slot: string): CorpusSentence => ({ agent, text, slot })

/** Thirty sentences of the call center's demo, as people say them. */
export const callCenterCorpus: readonly CorpusSentence[] = [
  sentence('triage', 'I was charged twice', 'charged twice'),
  sentence('triage', 'I was charged twice on my last bill', 'charged twice'),
  sentence('triage', 'two zero four four one seven', 'two zero four four one seven'),
  sentence('triage', 'My account number is two zero four, four one seven', 'two zero four four one seven'),
  sentence('triage', 'five one eight nine three six', 'five one eight nine three six'),
  sentence('triage', 'yes', 'yes'),
  sentence('triage', 'no', 'no'),
  sentence('triage', 'my internet is down', 'internet is down'),
  sentence('triage', 'The internet keeps dropping every evening', 'keeps dropping'),
  sentence('triage', 'my connection is very slow', 'slow'),
  sentence('triage', 'I want to cancel', 'cancel'),
  sentence('triage', 'I want to talk to a person', 'person'),
  sentence('triage', 'How long does a refund take?', 'refund'),
  sentence('triage', 'I do not know my number', 'do not know'),
  sentence('triage', 'thank you', 'thank you'),
  sentence('triage', 'goodbye', 'goodbye'),
  sentence('triage', 'the wifi is weak', 'weak'),
  sentence('triage', 'it is too expensive', 'too expensive'),
  sentence('triage', 'I would like to change my plan', 'change my plan'),
  sentence('triage', 'I have no internet since yesterday', 'no internet'),
  sentence('triage', 'try again', 'try again'),
  sentence('billing', 'yes please', 'yes'),
  sentence('billing', 'my bill is too high', 'too high'),
  sentence('billing', 'I want my money back', 'money back'),
  sentence('billing', 'that is all', 'that is all'),
  sentence('technical', 'The modem has a red light', 'red light'),
  sentence('technical', 'it is down since this morning', 'down'),
  sentence('retention', 'it is too expensive', 'too expensive'),
  sentence('retention', 'I am moving', 'moving'),
  sentence('retention', 'I found a better offer', 'better offer'),
]

const contractions: readonly (readonly [string, string])[] = [
  ["don't", 'do not'],
  ["i'm", 'i am'],
  ["it's", 'it is'],
  ["that's", 'that is'],
]

/** A text as the words that were said. */
export function spokenWords(text: string): string[] {
  const plain = text.toLowerCase().replaceAll(/[^a-z' ]/gu, ' ')
  const long = contractions.reduce((written, [short, full]) => written.replaceAll(short, full), plain)
  return long.split(' ').filter((word) => word !== '')
}

/** Words that were added, left out or replaced: the least number of changes from one text to the other. */
export function countWordErrors(said: readonly string[], heard: readonly string[]): number {
  let row = Array.from({ length: heard.length + 1 }, (_, index) => index)
  said.forEach((word, line) => {
    const next = [line + 1]
    heard.forEach((other, column) => {
      const changed = (row[column] ?? 0) + (word === other ? 0 : 1)
      next.push(Math.min(changed, (row[column + 1] ?? 0) + 1, (next[column] ?? 0) + 1))
    })
    row = next
  })
  return row.at(-1) ?? 0
}
