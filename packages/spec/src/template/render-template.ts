import type { Template } from './parse-template.ts'
import { ParleyError } from '../parley-error.ts'

/** The most that a template may become: 4 MiB, as UTF-8. */
export const maxRenderedBytes = 4 * 1024 * 1024

/** The text; or the path of the value that is missing, or that made the text too large (empty: the template itself). */
export type RenderResult = { ok: true; text: string } | { ok: false; path: readonly string[]; tooLarge?: true }

/**
 * Puts values into a template, in one pass: what is put in is never looked at again. Texts as they are, objects and
 * lists as JSON, dates as ISO text, `0`, `false` and `""` as such; null and missing values need a fallback.
 *
 * @throws {ParleyError} `value_not_json` for a value that goes round in a circle or holds a BigInt
 */
export function renderTemplate(template: Template, lookup: (path: readonly string[]) => unknown): RenderResult {
  let text = ''
  let bytes = 0
  for (const part of template.parts) {
    const path = typeof part === 'string' ? [] : part.path
    const piece = typeof part === 'string' ? part : (toText(lookup(path), path) ?? part.fallback)
    if (piece === undefined) return { ok: false, path }
    bytes += utf8Length(piece)
    if (bytes > maxRenderedBytes) return { ok: false, path, tooLarge: true }
    text += piece
  }
  return { ok: true, text }
}

/** Nothing for what has no text: null, what is missing, functions, dates that are none. */
function toText(value: unknown, path: readonly string[]): string | undefined {
  if (typeof value === 'string') return value
  if (value === null || value === undefined) return undefined
  if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint') return String(value)
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? undefined : value.toISOString()
  try {
    // Nothing comes out for a function or a symbol, whatever the types of the platform say.
    return JSON.stringify(value) as string | undefined
  } catch (cause) {
    throw new ParleyError({
      code: 'value_not_json',
      message: `The value of ${path.join('.')} cannot be written as JSON. Give plain data without circles.`,
      details: { path: path.join('.') },
      cause,
    })
  }
}

function utf8Length(text: string): number {
  let length = text.length
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index)
    // Two units of a surrogate pair are four bytes; any other unit above 0x7ff is three.
    if (unit > 0x7ff) length += unit >= 0xd800 && unit <= 0xdfff ? 1 : 2
    else if (unit > 0x7f) length += 1
  }
  return length
}
