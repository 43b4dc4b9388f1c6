// npm run packages:check: what a user gets from the registry. Every package is packed, its manifest and types are
// checked, the tarballs are installed in an empty folder outside the workspace, a consumer is compiled against them
// without skipLibCheck and without the source condition, and every entry point is imported.
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { formatMessage } from 'publint/utils'
import { publint } from 'publint'
import { z } from 'zod'
import { runCommand, type CommandOptions } from '../run-command.ts'

const manifestSchema = z.object({
  name: z.string(),
  private: z.boolean().optional(),
  exports: z.record(z.string(), z.unknown()),
})
const packedSchema = z.array(z.object({ filename: z.string(), files: z.array(z.object({ path: z.string() })) }))

interface Package {
  readonly name: string
  readonly folder: string
  /** `@parley/testing`, `@parley/testing/conformance`, ... */
  readonly entryPoints: readonly string[]
}

const failures: string[] = []

function report(what: string, problems: readonly string[]): void {
  console.log(`${problems.length === 0 ? 'ok  ' : 'FAIL'} ${what}`)
  for (const problem of problems) console.log(problem.replaceAll(/^/gm, '       '))
  if (problems.length > 0) failures.push(what)
}

async function command(what: string, file: string, args: readonly string[], options?: CommandOptions): Promise<string> {
  const { code, output, stdout } = await runCommand(file, args, options)
  if (code !== 0) report(what, [`${file} ${args.join(' ')} ended with ${code}`, output.trim().slice(-6_000)])
  return code === 0 ? stdout : ''
}

async function readPackages(): Promise<Package[]> {
  const names = await readdir('packages')
  const all = await Promise.all(
    names.toSorted().map(async (name): Promise<Package[]> => {
      const folder = `packages/${name}`
      const manifest = manifestSchema.parse(JSON.parse(await readFile(`${folder}/package.json`, 'utf8')))
      if (manifest.private === true) return []
      return [
        {
          name: manifest.name,
          folder,
          entryPoints: Object.keys(manifest.exports).map((path) => join(manifest.name, path)),
        },
      ]
    }),
  )
  return all.flat()
}

async function pack({ name, folder }: Package, destination: string): Promise<string | undefined> {
  const json = await command(`${name} packs`, 'npm', ['pack', '--json', '--pack-destination', destination], {
    cwd: folder,
  })
  if (json === '') return undefined
  const [packed] = packedSchema.parse(JSON.parse(json))
  if (packed === undefined) return undefined
  const unwanted = packed.files
    .map(({ path }) => path)
    .filter((path) => /\.test\.|__fixtures__|^src\/|\.tsbuildinfo$/.test(path))
  report(`${name} packs ${packed.files.length} files, none of them a test or a source`, unwanted)
  return join(destination, packed.filename)
}

async function checkManifest({ name, folder }: Package, tarball: string): Promise<void> {
  const { messages, pkg } = await publint({ pkgDir: resolve(folder), strict: true })
  report(
    `${name} has a sound manifest (publint)`,
    messages.map((message) => formatMessage(message, pkg) ?? message.code),
  )
  const attw = await runCommand('attw', ['--profile', 'esm-only', '--no-emoji', '--no-color', tarball])
  report(`${name} resolves with types (attw)`, attw.code === 0 ? [] : [attw.output.trim()])
}

async function checkConsumer(packages: readonly Package[], tarballs: readonly string[], folder: string): Promise<void> {
  const rootManifest = z
    .object({ devDependencies: z.record(z.string(), z.string()) })
    .parse(JSON.parse(await readFile('package.json', 'utf8')))
  const tools = ['@types/node', 'vitest'].map((name) => `${name}@${rootManifest.devDependencies[name] ?? '*'}`)
  await writeFile(join(folder, 'package.json'), JSON.stringify({ name: 'consumer', private: true, type: 'module' }))
  const installing = [
    'install',
    '--no-audit',
    '--no-fund',
    '--prefer-offline',
    '--ignore-scripts',
    ...tarballs,
    ...tools,
  ]
  const { code, output } = await runCommand('npm', installing, { cwd: folder })
  report('the tarballs install in an empty folder', code === 0 ? [] : [output.slice(-6_000)])
  if (code !== 0) return

  const entryPoints = packages.flatMap((entry) => entry.entryPoints)
  const imports = entryPoints.map((path, index) => `import * as entry${index} from '${path}'`)
  const uses = entryPoints.map((_path, index) => `entry${index}`)
  await writeFile(
    join(folder, 'consumer.ts'),
    `${imports.join('\n')}\nexport const all: object[] = [${uses.join(', ')}]\n`,
  )
  const compilerOptions = {
    target: 'es2024',
    lib: ['es2024', 'esnext.disposable', 'dom', 'dom.iterable'],
    module: 'nodenext',
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    skipLibCheck: false,
    noEmit: true,
    types: ['node'],
  }
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['consumer.ts'] }))
  const compiled = await runCommand('tsc', ['-p', folder])
  report(
    'a consumer compiles against the packed types, skipLibCheck off',
    compiled.code === 0 ? [] : [compiled.output.slice(0, 6_000)],
  )

  for (const path of entryPoints) {
    // Written without a throw, so that a failure is one line and no stack.
    const script = `const names = Object.keys(await import(${JSON.stringify(path)})); if (names.length === 0) { console.error('exports nothing'); process.exitCode = 1 }`
    const imported = await runCommand('node', ['--input-type=module', '--eval', script], {
      cwd: folder,
      timeoutMs: 30_000,
    })
    report(`${path} imports`, imported.code === 0 ? [] : [imported.output.slice(-2_000)])
  }
}

const folder = await mkdtemp(join(tmpdir(), 'parley-packages-'))
try {
  const packages = await readPackages()
  if (process.env['CI'] === 'true') {
    // A file whose source was deleted would still be packed.
    for (const entry of packages) {
      await rm(`${entry.folder}/dist`, { recursive: true, force: true })
      await rm(`${entry.folder}/tsconfig.tsbuildinfo`, { force: true })
    }
  }
  await command('the packages build', 'tsc', ['-b'])
  const tarballs: string[] = []
  for (const entry of packages) {
    const tarball = await pack(entry, folder)
    if (tarball === undefined) continue
    tarballs.push(tarball)
    await checkManifest(entry, tarball)
  }
  await checkConsumer(packages, tarballs, folder)
} finally {
  await rm(folder, { recursive: true, force: true })
}
console.log(
  failures.length === 0
    ? 'All packages are fit to publish.'
    : `${failures.length} checks failed: ${failures.join('; ')}`,
)
process.exitCode = failures.length === 0 ? 0 : 1
