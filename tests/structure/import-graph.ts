import { literalText, lineOf, walkSyntax, type SourceFile } from '../source-files.ts'

/**
 * What each package may import from its siblings: the layer table of DESIGN.md.
 * A package that is not in the table is a breach in itself, so a new one must be entered here on purpose.
 */
const allowedSiblings: Readonly<Record<string, readonly string[]>> = {
  spec: [],
  audio: ['spec'],
  kit: ['spec'],
  workflow: ['spec'],
  voice: ['spec', 'kit', 'audio'],
  rag: ['spec'],
  openai: ['spec', 'audio'],
  google: ['spec', 'audio'],
  elevenlabs: ['spec', 'audio'],
  'ai-sdk': ['spec', 'audio'],
  local: ['spec', 'audio'],
  livekit: ['spec', 'audio', 'voice'],
  mcp: ['spec', 'audio'],
  otel: ['spec', 'audio'],
  postgres: ['spec'],
  redis: ['spec'],
  dbos: ['spec', 'workflow'],
  server: ['spec', 'kit', 'voice', 'workflow', 'rag', 'postgres'],
  client: ['spec', 'audio'],
  testing: ['spec', 'audio'],
  cli: ['spec', 'audio', 'kit', 'workflow', 'voice', 'rag', 'postgres', 'server', 'local', 'mcp', 'otel'],
  'create-parley': [],
}

/** The packages from the bottom up. */
const layers: readonly (readonly string[])[] = [
  ['spec'],
  ['audio'],
  ['kit', 'workflow'],
  ['voice', 'rag'],
  ['openai', 'google', 'elevenlabs', 'ai-sdk', 'local', 'livekit', 'mcp', 'otel', 'postgres', 'redis', 'dbos'],
  ['server', 'client', 'testing'],
  ['cli', 'create-parley'],
]

/** `cli` loads these when they are installed and configured, so only by dynamic import. */
const loadedByCli = new Set(['openai', 'google', 'elevenlabs', 'ai-sdk', 'livekit', 'redis', 'dbos'])

const mayTouchNode =
  /^packages\/(server|cli|create-parley|postgres|redis|dbos|local|livekit|mcp|testing)\/|^packages\/voice\/src\/endpoints\//

/** The core stays small: everything else sits in a package that can be left out. */
const allowedDependencies: Readonly<Record<string, readonly string[]>> = {
  spec: ['zod', '@standard-schema/spec'],
  kit: ['zod', 'mitt'],
}

interface Import {
  readonly specifier: string
  readonly line: number
  readonly isDynamic: boolean
}

/** All modules a file names: static, type-only, re-exported, dynamic, and types written as `import('x')`. */
export function importsOf(file: SourceFile): Import[] {
  const found: Import[] = []
  walkSyntax(file, (node) => {
    if (!importingNodes.has(node.type)) return
    const specifier = literalText(node['source']) ?? literalText(node['expression'])
    if (specifier === undefined) return
    found.push({ specifier, line: lineOf(file, node.start), isDynamic: node.type === 'ImportExpression' })
  })
  return found
}

const importingNodes = new Set([
  'ImportDeclaration',
  'ExportNamedDeclaration',
  'ExportAllDeclaration',
  'ImportExpression',
  'TSImportType',
  'TSExternalModuleReference',
])

/** Names each import that breaks the layer table, the rule for `node:` modules, or the rule that packages meet by name. */
export function findBreaches(files: readonly SourceFile[]): string[] {
  return files.flatMap((file) =>
    importsOf(file).flatMap((entry) => {
      const reason = breachOf(file.path, entry)
      return reason === undefined ? [] : [`${file.path}:${entry.line} imports '${entry.specifier}': ${reason}`]
    }),
  )
}

function breachOf(path: string, { specifier, isDynamic }: Import): string | undefined {
  const owner = packageOf(path)
  if (specifier.startsWith('.')) return breachOfPath(path, specifier)
  const sibling = /^@parley\/([^/]+)/.exec(specifier)?.[1]
  if (owner === undefined) return undefined
  const allowed = allowedSiblings[owner]
  if (allowed === undefined) return `package ${owner} is not in the layer table of tests/structure/import-graph.ts`
  const isTest = isTestCode(path)
  if (sibling !== undefined) {
    if (sibling === owner) return 'a package imports its own files by path'
    if (allowed.includes(sibling)) return undefined
    if (owner === 'cli' && isDynamic && loadedByCli.has(sibling)) return undefined
    if (isTest && (sibling === 'testing' || isBelow(sibling, owner))) return undefined
    return `${owner} may import ${allowed.length === 0 ? 'no sibling' : `only ${allowed.join(', ')}`}`
  }
  if (isTest) return undefined
  if (specifier.startsWith('node:')) {
    return mayTouchNode.test(path) ? undefined : 'only packages that run on Node alone may touch node: modules'
  }
  const dependencies = allowedDependencies[owner]
  const name = specifier.startsWith('@') ? specifier.split('/', 2).join('/') : specifier.split('/', 1)[0]
  if (dependencies === undefined || name === undefined || dependencies.includes(name)) return undefined
  return `${owner} depends on ${dependencies.join(' and ')} alone`
}

function breachOfPath(path: string, specifier: string): string | undefined {
  const target = new URL(specifier, `file:///${path}`).pathname.slice(1)
  const isTest = isTestCode(path)
  const isShared = isTest && target.startsWith('tests/')
  if (rootOf(target) !== rootOf(path) && !isShared && rootOf(path) !== 'tests')
    return 'packages meet by name, not by path'
  if (!/\.(tsx?|json|css|svg)(\?.*)?$/.test(specifier)) return 'a relative import ends in .ts'
  return undefined
}

function isBelow(sibling: string, owner: string): boolean {
  const layerOf = (name: string): number => layers.findIndex((layer) => layer.includes(name))
  return layerOf(sibling) >= 0 && layerOf(sibling) < layerOf(owner)
}

function packageOf(path: string): string | undefined {
  return /^packages\/([^/]+)\//.exec(path)?.[1]
}

function rootOf(path: string): string | undefined {
  return /^(?:packages|apps|examples)\/[^/]+(?=\/)|^[^/]+(?=\/)/.exec(path)?.[0]
}

/** Tests, and the fixtures that only tests import. */
function isTestCode(path: string): boolean {
  return /\.test(-d)?\.tsx?$/.test(path) || path.includes('/__fixtures__/')
}
