import type { Json } from '../json.ts'
import { durableLimits } from './durable-limits.ts'

type JsonObject = { [key: string]: Json }

/** Room for a mark in place of a value. */
const markBytes = 64
/** A UTF-16 unit is at most `\uffff` in JSON. */
const maxUnitBytes = 6
const numberBytes = 25

/**
 * An event's data within the limit. What is too large keeps its shape: long texts lose their end, long lists their last
 * items, and a mark says so; small fields stay as they are. Data within the limit is given back itself.
 */
export function clipEventData(data: JsonObject, maxBytes: number = durableLimits.maxEventBytes): JsonObject {
  // Nearly all data is far from the limit, which is seen without writing it out.
  if (spare(data, maxBytes) >= 0) return data
  const fields = fieldsOf(data)
  const size = sizeOfFields(fields)
  return size <= maxBytes ? data : clipFields(fields, maxBytes, size)
}

/** What an upper bound of the JSON bytes leaves of a room; negative as soon as it is used up. */
function spare(value: Json | undefined, room: number): number {
  if (typeof value === 'string') return room - value.length * maxUnitBytes - 2
  if (typeof value !== 'object' || value === null) return room - numberBytes
  let left = room - 2
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length && left >= 0; index++) left = spare(value[index], left - 1)
    return left
  }
  for (const key in value) {
    left = spare(value[key], left - key.length * maxUnitBytes - 4)
    if (left < 0) return left
  }
  return left
}

/** What is too large for its room; how large it is, is known. */
function clip(value: Json, room: number, size: number): Json {
  if (typeof value === 'string') return clipText(value, room, size)
  if (typeof value !== 'object' || value === null) return markOf(size)
  return Array.isArray(value) ? clipList(value, room, size) : clipFields(fieldsOf(value), room, size)
}

function clipText(text: string, room: number, size: number): string {
  const mark = `… [truncated, ${size} bytes]`
  let left = room - jsonBytes(mark)
  let end = 0
  for (const character of text) {
    left -= jsonBytes(character) - 2
    if (left < 0) break
    end += character.length
  }
  return text.slice(0, end) + mark
}

function clipList(list: Json[], room: number, size: number): Json[] {
  const kept: Json[] = []
  let left = room - markBytes - 2
  for (const item of list) {
    left -= jsonBytes(item) + 1
    if (left < 0) break
    kept.push(item)
  }
  return [...kept, markOf(size)]
}

interface Field {
  key: string
  value: Json
  /** Bytes of the value. */
  size: number
  /** Bytes of the key, its colon and a comma. */
  around: number
}

/** Fields in their order, each measured once: measuring writes the value out. */
function fieldsOf(object: JsonObject): Field[] {
  return Object.entries<Json | undefined>(object).flatMap(([key, value]) =>
    // JSON leaves it out.
    value === undefined ? [] : { key, value, size: jsonBytes(value), around: jsonBytes(key) + 2 },
  )
}

/** Bytes of an object of these fields: the last has no comma. */
function sizeOfFields(fields: readonly Field[]): number {
  return fields.reduce((sum, { size, around }) => sum + size + around, fields.length === 0 ? 2 : 1)
}

/** Each field gets an equal share; what small ones leave is the large ones'. */
function clipFields(fields: readonly Field[], room: number, size: number): JsonObject {
  const kept = new Map<string, Json>()
  let left = room - markBytes
  let waiting = fields.length
  for (const field of fields.toSorted((a, b) => a.size - b.size)) {
    const { around } = field
    const share = Math.floor(left / waiting) - around
    waiting -= 1
    if (field.size > share && share < markBytes) continue
    const isWhole = field.size <= share
    const value = isWhole ? field.value : clip(field.value, share, field.size)
    left -= around + (isWhole ? field.size : jsonBytes(value))
    kept.set(field.key, value)
  }
  // In the order in which they were.
  const clipped = fields.flatMap(({ key }) => {
    const value = kept.get(key)
    return value === undefined ? [] : [[key, value] as const]
  })
  if (clipped.length < fields.length) clipped.push(['truncated', size])
  return Object.fromEntries(clipped)
}

function markOf(size: number): JsonObject {
  return { truncated: size }
}

/** Bytes of a value as JSON in UTF-8. */
function jsonBytes(value: Json): number {
  const text = JSON.stringify(value)
  let bytes = text.length
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index)
    // Half a pair is written as an escape, so pairs are whole here: two bytes more for their two units.
    if (unit > 0x7ff) bytes += unit >= 0xd800 && unit <= 0xdfff ? 1 : 2
    else if (unit > 0x7f) bytes += 1
  }
  return bytes
}
