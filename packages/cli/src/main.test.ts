import { execFile } from 'node:child_process'
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
