import { execFile } from 'node:child_process'
import { symlink } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { cliFixture } from './__fixtures__/cli-fixture.ts'

const main = fileURLToPath(new URL('./main.ts', import.meta.url))

interface Ended {
  exit: number | null
  stdout: string
  stderr: string
}

/** Runs the program as a person does, from a directory. */
function parley(cwd: string, argv: readonly string[]): Promise<Ended> {
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      ['--conditions=@parley/source', '--disable-warning=ExperimentalWarning', main, ...argv],
      { cwd, env: { PATH: process.env['PATH'] } },
      (_error, stdout, stderr) => resolve({ exit: child.exitCode, stdout, stderr }),
    )
  })
}

test('workflows 18.15 the program itself ends with its exit codes and loads nothing that it refuses', async () => {
  await using fixture = await cliFixture({
    'work/w.yaml':
      'parley: 1\nname: w\nsteps:\n  - { id: a, prompt: "x" }\n  - { id: b, prompt: "{{steps.a.output}}" }\n',
    'x.ts': 'console.log("loaded")',
  })
  const cwd = `${fixture.cwd}/work`
  const [version, refused, usage, graph] = await Promise.all([
    parley(cwd, ['version']),
    parley(cwd, ['run', '../x.ts']),
    parley(cwd, ['runn']),
    parley(cwd, ['graph', 'w.yaml']),
  ])
  expect(version).toMatchObject({ exit: 0, stderr: '' })
  expect(version.stdout).toContain(`node ${process.versions.node}`)
  expect(refused).toMatchObject({ exit: 3, stdout: '' })
  expect(refused.stderr).toContain('".."')
  expect(usage.exit).toBe(2)
  expect(usage.stderr).toContain('run')
  expect(graph).toMatchObject({ exit: 0, stderr: '' })
  expect(graph.stdout).toContain('└─ b  llm balanced  <- a')
}, 60_000)

test('apps 4 the program itself ends with the exit codes of what it was asked, on runs and databases too', async () => {
  await using fixture = await cliFixture({ 'work/.keep': '', 'secret/w.yaml': 'parley: 1\nname: w\nsteps: []\n' })
  const cwd = `${fixture.cwd}/work`
  await symlink(`${fixture.cwd}/secret/w.yaml`, `${cwd}/link.yaml`)
  const nowhere = ['--store', 'postgres://127.0.0.1:1/none']
  const exits: [argv: string[], exit: number][] = [
    [['runs', 'show', 'run_none', '--store', 'data'], 1],
    [['runs', 'show', ...nowhere], 2],
    [['db', 'status', '--url', 'http://127.0.0.1:4310'], 2],
    [['run', 'link.yaml'], 3],
    [['prices', '--file', 'none.json'], 3],
    [['runs', 'list', ...nowhere], 4],
    [['replay', 'run_1', ...nowhere], 4],
  ]
  for (const [argv, exit] of exits) {
    const ended = await parley(cwd, [...argv, '--json'])
    expect(ended.exit, `${argv.join(' ')}: ${ended.stderr}`).toBe(exit)
    expect(JSON.parse(ended.stdout)).toMatchObject({ v: 1, type: 'result', ok: false, exit })
    expect(ended.stderr).toMatch(/^error {2}/)
  }
}, 60_000)
