const patterns: readonly RegExp[] = [
  // Addresses of mail.
  /[^\s@]+@[^\s@]+\.\p{L}{2,}/u,
  // Numbers of cards, accounts, phones, orders: five digits or more, also apart.
  /\d(?:[ .\-/]?\d){4,}/u,
  // Amounts of money: what somebody owes or owns.
  /[$€£¥]\s?\d|\d\s?[$€£¥]/u,
  // Digits one by one in words, as filters write them.
  /\b(?:(?:zero|oh|one|two|three|four|five|six|seven|eight|nine)[ ,]+){4,}/iu,
]

/** Whether a text holds what looks like data of a person: addresses, long numbers, amounts, or one of the given names. */
export function hasPersonalData(text: string, names: readonly string[] = []): boolean {
  const lower = text.toLowerCase()
  return (
    patterns.some((pattern) => pattern.test(text)) ||
    names.some((name) => name !== '' && lower.includes(name.toLowerCase()))
  )
}
