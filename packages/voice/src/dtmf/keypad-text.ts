import { REDACTED } from '@parley/spec'

/** How an entry reads for a model: `Keypad: 1234`; masked ones show that keys came, not which or how many. */
export function keypadText(digits: string, { sensitive = false }: { sensitive?: boolean } = {}): string {
  return `Keypad: ${sensitive ? REDACTED : digits}`
}

/** What is kept of something said while a sensitive value was asked for: any word of it may be part of the value. */
export function sensitiveText(): string {
  return REDACTED
}
