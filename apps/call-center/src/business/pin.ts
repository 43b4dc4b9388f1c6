import { createHash, timingSafeEqual } from 'node:crypto'

/** What is stored of a PIN: bound to its account, never the digits. */
export function hashPin(accountId: string, pin: string): string {
  return createHash('sha256').update(`${accountId}:${pin}`).digest('hex')
}

/** Compares without telling by time how much of it was right. */
export function isPin(accountId: string, pin: string, hash: string): boolean {
  const given = Buffer.from(hashPin(accountId, pin), 'hex')
  const stored = Buffer.from(hash, 'hex')
  return given.length === stored.length && timingSafeEqual(given, stored)
}
