import { createHash, timingSafeEqual } from 'node:crypto'
import { ParleyError, type IdSource, type OrganizationId } from '@parley/spec'
import type { Principal, Right } from './principal.ts'

/** A key as the server keeps it: the secret itself is not in it. */
export interface ApiKeyRecord {
  id: string
  /** SHA-256 of the whole key, in hex. */
  hash: string
  rights: readonly Right[]
  organizationId?: OrganizationId
  /** Wall time, milliseconds. @default never */
  expiresAtMs?: number
}

/** Where keys are looked up. A revoked key is one that is not found any more. */
export type ApiKeyLookup = (id: string) => ApiKeyRecord | undefined | Promise<ApiKeyRecord | undefined>

const keyForm = /^prl_([A-Za-z0-9]{4,40})_([A-Za-z0-9_-]{20,200})$/

/** Makes a key `prl_<id>_<secret>`: show `key` once, keep `record`. */
export function createApiKey(
  options: { id: string; rights: readonly Right[]; organizationId?: OrganizationId; expiresAtMs?: number },
  ids: IdSource,
): { key: string; record: ApiKeyRecord } {
  const key = `prl_${options.id}_${ids.token(32)}`
  if (!keyForm.test(key)) {
    throw new ParleyError({
      code: 'invalid_options',
      message: 'The id of an API key is 4 to 40 letters and digits.',
      details: { path: 'id', expected: '4 to 40 letters and digits' },
    })
  }
  return { key, record: { ...options, hash: hashApiKey(key) } }
}

/** SHA-256 of a key, in hex: what a record holds. Keys are random, so a plain hash cannot be guessed back. */
export function hashApiKey(key: string): string {
  return createHash('sha256').update(key).digest('hex')
}

/** Whether a text has the form of an API key. */
export function isApiKey(text: string): boolean {
  return keyForm.test(text)
}

/** The principal of a key, or undefined for a wrong, revoked or expired one. Takes the same time for all of them. */
export async function checkApiKey(key: string, lookup: ApiKeyLookup, nowMs: number): Promise<Principal | undefined> {
  const id = keyForm.exec(key)?.[1]
  const record = id === undefined ? undefined : await lookup(id)
  const given = Buffer.from(hashApiKey(key), 'hex')
  // An unknown id is compared too, against something that cannot match, so that it answers as late as a wrong secret.
  const stored = Buffer.from(record?.hash ?? '00'.repeat(given.length), 'hex')
  const isEqual = stored.length === given.length && timingSafeEqual(stored, given)
  if (record === undefined || !isEqual) return undefined
  if (record.expiresAtMs !== undefined && record.expiresAtMs <= nowMs) return undefined
  return {
    kind: 'key',
    id: record.id,
    rights: new Set(record.rights),
    ...(record.organizationId === undefined ? {} : { organizationId: record.organizationId }),
    ...(record.expiresAtMs === undefined ? {} : { expiresAtMs: record.expiresAtMs }),
  }
}

/** Looks keys up in a fixed list. */
export function lookupIn(records: readonly ApiKeyRecord[]): ApiKeyLookup {
  const byId = new Map(records.map((record) => [record.id, record]))
  return (id) => byId.get(id)
}
