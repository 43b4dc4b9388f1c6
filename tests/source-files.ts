import { globSync, readFileSync } from 'node:fs'
import { parseSync } from 'vite'

/** A source file of this repository: its path from the root with forward slashes, and its text. */
export interface SourceFile {
  readonly path: string
  readonly text: string
}

/** Reads all TypeScript sources below the given folders; build output and installed packages are left out. */
export function readSourceFiles(folders: readonly string[]): SourceFile[] {
  return folders
    .flatMap((folder) => globSync(`${folder}/**/*.{ts,tsx}`, { exclude: (name) => ignoredFolders.has(baseName(name)) }))
    .filter((path) => !path.endsWith('.d.ts'))
    .map((path) => path.replaceAll('\\', '/'))
    .toSorted()
    .map((path) => ({ path, text: readFileSync(path, 'utf8') }))
}

const ignoredFolders = new Set(['node_modules', 'dist', 'peers'])

function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}

/** A node of the syntax tree, as far as the checks here look into it. */
export interface SyntaxNode {
  readonly type: string
  readonly start: number
  readonly [key: string]: unknown
}

/** Calls `visit` for each node of the file's syntax tree. A file that does not parse is an error. */
export function walkSyntax(file: SourceFile, visit: (node: SyntaxNode) => void): void {
  const { program, errors } = parseSync(file.path, file.text)
  if (errors.length > 0) throw new Error(`${file.path} does not parse: ${errors[0]?.message}`)
  walk(program, visit)
}

function walk(value: unknown, visit: (node: SyntaxNode) => void): void {
  if (Array.isArray(value)) {
    for (const item of value) walk(item, visit)
  } else if (isNode(value)) {
    visit(value)
    for (const child of Object.values(value)) walk(child, visit)
  }
}

/** Whether a value is a node of the syntax tree. */
export function isNode(value: unknown): value is SyntaxNode {
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string'
}

/** The value of a string literal or of a template without placeholders, and the head of one with them. */
export function literalText(node: unknown): string | undefined {
  if (!isNode(node)) return undefined
  if (node.type === 'Literal' && typeof node['value'] === 'string') return node['value']
  if (node.type !== 'TemplateLiteral' || !Array.isArray(node['quasis'])) return undefined
  const [head]: unknown[] = node['quasis']
  if (!isNode(head)) return undefined
  const value = head['value']
  return typeof value === 'object' && value !== null && 'cooked' in value && typeof value.cooked === 'string'
    ? value.cooked
    : undefined
}

/** The line of a position, counted from 1. */
export function lineOf(file: SourceFile, position: number): number {
  return file.text.slice(0, position).split('\n').length
}
