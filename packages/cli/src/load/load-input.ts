import { readFile, stat } from 'node:fs/promises'
import { ParleyError, type Json } from '@parley/spec'
import { resolveInside } from './resolve-inside.ts'

const maxBytes = 10 * 1_048_576

/** Where an input may come from. */
export interface LoadInputOptions {
  cwd: string
  allowed: readonly string[]
}

/**
 * The input of a run: a JSON object, or `@file.json` inside an allowed directory. It is parsed, never evaluated.
 * @throws {ParleyError} `invalid_options` for anything but a JSON object; `path_refused`, `document_unknown`,
 * `input_too_large` for its file
 */
export async function loadInput(
  argument: string | undefined,
  options: LoadInputOptions,
): Promise<{ [key: string]: Json }> {
  if (argument === undefined) return {}
  if (!argument.startsWith('@')) return parseObject(argument, '--input')
  const name = argument.slice(1)
  const file = await resolveInside(name, { ...options, extensions: ['.json'] })
  if (file === undefined) {
    throw new ParleyError({
      code: 'document_unknown',
      message: `There is no file ${JSON.stringify(name)} for --input. Give --input @file.json, or the JSON object itself.`,
    })
  }
  const { size } = await stat(file)
  if (size > maxBytes) {
    throw new ParleyError({
      code: 'input_too_large',
      message: `The file of --input has ${size} bytes, at most ${maxBytes} are taken. Give a smaller input.`,
      details: { max: maxBytes, actual: size },
    })
  }
  return parseObject(await readFile(file, 'utf8'), `--input ${argument}`)
}

function parseObject(text: string, what: string): { [key: string]: Json } {
  let value: Json
  try {
    // JSON is all that `JSON.parse` gives.
    value = JSON.parse(text) as Json
  } catch {
    throw noObject(what, 'is not JSON')
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw noObject(what, 'is not a JSON object')
  return value
}

function noObject(what: string, fault: string): ParleyError {
  return new ParleyError({
    code: 'invalid_options',
    message: `${what} ${fault}. Give a JSON object, such as --input '{"name":"Ada"}', or --input @file.json.`,
    details: { path: 'input', expected: 'a JSON object' },
  })
}
