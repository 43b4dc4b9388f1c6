import { endOfStructure } from './end-of-structure.ts'
import { redactText } from './redact-text.ts'
import { shortenErrorText } from './shorten-error-text.ts'

// Escape sequences of terminals, then all control characters but the line feed, and those that turn text around.
const terminalSequence = /(?![\n\t])\p{Cc}\[[0-9;?]{0,32}[A-Za-z]/gu
const controlCharacter = /(?!\n)\p{Cc}|[\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]/gu

const quotedPath = /(["'`])((?:file:|[A-Za-z]:[\\/]|\\\\|~?\/|\.{1,2}[\\/])[^"'`\n]*)\1/g
const fileUrl = /\bfile:[^\s"'`<>|]+/gi
// Folders of Windows may hold spaces: they end with a backslash. The last part may not.
const windowsPath =
  /(?:(?<![A-Za-z0-9])[A-Za-z]:[\\/]{1,4}|(?<![\w\\])\\\\)(?:[^\\/:*?"'<>|\n]{1,120}[\\/]{1,4})*[^\\/:*?"'<>|\s,;()]{0,255}/g
const macPath =
  /(?<![\w\].~/-])\/(?:Users|Volumes|Library|Applications)\/(?:[^/\n"'`]{0,80}[^/\s"'`]\/)*[^\s/"'`<>|,;:()[\]{}]{0,255}/g
const unixPath = /(?<![\w\].~/-])(?:~|\.{1,2})?\/(?!\/)(?:[^\s/"'`<>|]{1,255}\/)+[^\s/"'`<>|,;:()[\]{}]{0,255}/g
const nearPath = /(?<![\w\].~/\\-])(?:~|\.{1,2})[\\/](?:[^\s\\/"'`<>|]{1,255}[\\/])*[^\s\\/"'`<>|,;:()[\]{}]{1,255}/g

const stackLine =
  /^\s*at (?:.*:\d+\)?|.*\((?:native|<anonymous>|index \d+|Unknown Source|Native Method).*|<anonymous>)\s*$|^\s*File ".*", line \d+.*$|^\s*\.\.\. \d+ more\s*$|^Traceback \(most recent call last\):$|^[^\s@]*@\S+:\d+:\d+$/

const htmlBody = /<(?:!doctype|html)\b[\s\S]*/i
const bodyStart = /[{[]\s{0,20}(?:[{[]\s{0,20})?["'][\w-]{1,64}["']\s{0,20}:/g

const typeField = /["']type["']\s{0,20}:\s{0,20}(?:["']([\w.-]{1,64})["']|(\d{1,9})(?![\w.]))/g
const codeField = /["']code["']\s{0,20}:\s{0,20}(?:["']([\w.-]{1,64})["']|(\d{1,9})(?![\w.]))/g

/**
 * The part of an error's message that may be logged, stored, streamed and shown, on one line: no credentials, no
 * folders, no stack, of a provider's body only its type and code, at most 500 characters.
 */
export function safeMessage(message: string): string {
  // First of all: a character that nobody sees could stand within a credential and hide it.
  const visible = message
    .replace(/\r\n?/g, '\n')
    .replace(terminalSequence, '')
    .replace(controlCharacter, (char) => (char === '\t' || char === '\u2028' || char === '\u2029' ? ' ' : ''))
  return shortenErrorText(onOneLine(withoutBodies(withoutStack(withoutPaths(redactText(visible))))))
}

function withoutPaths(text: string): string {
  return text
    .replace(quotedPath, (_whole, quote: string, path: string) => quote + baseName(path) + quote)
    .replace(fileUrl, baseName)
    .replace(windowsPath, baseName)
    .replace(macPath, baseName)
    .replace(unixPath, baseName)
    .replace(nearPath, baseName)
}

function baseName(path: string): string {
  return path.split(/[\\/]/).findLast((part) => part !== '' && !/^(?:file|[A-Za-z]):$/.test(part)) ?? ''
}

function withoutStack(text: string): string {
  if (!text.includes('\n') && !/^\s*at /.test(text)) return text
  return text
    .split('\n')
    .filter((line) => !stackLine.test(line))
    .join('\n')
}

/** A provider's answer may repeat the prompt and the person's data; what helps is its type and code. */
function withoutBodies(text: string): string {
  let safe = ''
  let done = 0
  for (const found of text.matchAll(bodyStart)) {
    if (found.index < done) continue
    const end = endOfStructure(text, found.index)
    safe += text.slice(done, found.index) + bodyMark(text.slice(found.index, end))
    done = end
  }
  return (safe + text.slice(done)).replace(htmlBody, '[body]')
}

function bodyMark(body: string): string {
  const parts = (['type', 'code'] as const).flatMap((name) => {
    const token = lastToken(body, name)
    return token === undefined ? [] : [`${name} ${token}`]
  })
  return parts.length === 0 ? '[body]' : `[${parts.join(', ')}]`
}

/** The last one: providers put the error's own type within an envelope that has one too. Only a plain token counts. */
function lastToken(body: string, name: 'type' | 'code'): string | undefined {
  const found = [...body.matchAll(name === 'type' ? typeField : codeField)].at(-1)
  return found?.[1] ?? found?.[2]
}

/** Line by line: a pattern for the spaces around a line feed would read long runs of them again and again. */
function onOneLine(text: string): string {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .join(' ')
}
