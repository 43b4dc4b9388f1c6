/** A piece of written text and what is said for it. Joined, units are the written and the spoken text. */
export interface SpokenUnit {
  written: string
  spoken: string
}

/** Says something else for what a pattern matches; `null` leaves a match as it is. */
export interface SpokenRule {
  /** Global and Unicode. */
  pattern: RegExp
  speak(match: RegExpExecArray): string | null
}

interface Span {
  start: number
  end: number
  spoken: string
}

/**
 * Says a text by rules, the first that matches a place wins it. Rules see the whole text and what was before it.
 * @param before - the end of what was already said; rules may look at it and not change it
 */
export function speakByRules(text: string, rules: readonly SpokenRule[], before = '\n'): SpokenUnit[] {
  const whole = before + text
  const spans: Span[] = []
  for (const { pattern, speak } of rules) {
    pattern.lastIndex = before.length
    for (let match = pattern.exec(whole); match !== null; match = pattern.exec(whole)) {
      const start = match.index
      const end = start + match[0].length
      if (end === start) {
        pattern.lastIndex += 1
        continue
      }
      if (spans.some((span) => span.start < end && start < span.end)) continue
      const spoken = speak(match)
      if (spoken !== null) spans.push({ start, end, spoken })
    }
  }
  spans.sort((one, other) => one.start - other.start)
  const units: SpokenUnit[] = []
  let from = before.length
  for (const { start, end, spoken } of spans) {
    units.push(...words(whole.slice(from, start)), { written: whole.slice(start, end), spoken })
    from = end
  }
  units.push(...words(whole.slice(from)))
  return units
}

/** Words that are said as they are written, each with the white space behind it. */
function words(text: string): SpokenUnit[] {
  return (text.match(/\s+|\S+\s*/gu) ?? []).map((word) => ({ written: word, spoken: word }))
}

/** Joins what is said. */
export function spokenText(units: readonly SpokenUnit[]): string {
  return units.map(({ spoken }) => spoken).join('')
}

/**
 * Gives units for a spoken text that somebody changed: equal units at both ends stay, what is between becomes one unit.
 */
export function realign(units: readonly SpokenUnit[], spoken: string): SpokenUnit[] {
  let start = 0
  let end = units.length
  let from = 0
  let to = spoken.length
  for (let unit = units[start]; unit !== undefined && start < end; unit = units[start]) {
    if (!spoken.startsWith(unit.spoken, from)) break
    from += unit.spoken.length
    start += 1
  }
  for (let unit = units[end - 1]; unit !== undefined && start < end; unit = units[end - 1]) {
    if (to - unit.spoken.length < from || !spoken.slice(from, to).endsWith(unit.spoken)) break
    to -= unit.spoken.length
    end -= 1
  }
  const changed = units.slice(start, end)
  const middle = spoken.slice(from, to)
  if (changed.length === 0 && middle === '') return [...units]
  return [
    ...units.slice(0, start),
    { written: changed.map(({ written }) => written).join(''), spoken: middle },
    ...units.slice(end),
  ]
}
