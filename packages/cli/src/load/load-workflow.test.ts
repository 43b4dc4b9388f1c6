import { symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { createSystemClock } from '@parley/spec'
import { describe, expect, test } from 'vitest'
import { cliFixture, type CliFixture, type CliResult } from '../__fixtures__/cli-fixture.ts'

const clock = createSystemClock()
const rest = 'parley: 1\nname: rest\nsteps:\n  - { id: pause, kind: wait, wait: timer, ms: 1 }\n'
const trap = `globalThis.parleyTrap = true
import { Step, Workflow } from '@parley/workflow'
export const workflow = new Workflow({ name: 'trap', steps: [new Step({ name: 'a', action: () => 1 })] })
export default { models: [] }
export const twice = ({ inputs }) => inputs
`
const naming = (path: string): string => `parley: 1
name: naming
functions: [{ name: twice, path: "${path}" }]
steps:
  - { id: a, function: twice }
`

/** A project in `work`, and beside it what does not belong to it, with links that lead there. */
async function layout(): Promise<CliFixture & { work: string }> {
  const fixture = await cliFixture({
    'work/rest.yaml': rest,
    'work/inside.ts': trap.replace('globalThis.parleyTrap = true\n', ''),
    'work/named.yaml': naming('inside.ts#twice'),
    'work/linked.yaml': naming('link.ts#twice'),
    'work/far.yaml': naming('/nowhere/far.ts#twice'),
    'work/up.yaml': naming('../secret/trap.ts#twice'),
    'work/missing.yaml': naming('none.ts#twice'),
    'work/unnamed.yaml': naming('inside.ts#thrice'),
    'secret/trap.ts': trap,
    'secret/rest.yaml': rest,
  })
  const work = join(fixture.cwd, 'work')
  await symlink(join(fixture.cwd, 'secret/trap.ts'), join(work, 'link.ts'))
  await symlink(join(fixture.cwd, 'secret/rest.yaml'), join(work, 'link.yaml'))
  await symlink(join(fixture.cwd, 'secret'), join(work, 'folder'))
  return Object.assign(fixture, { work })
}

const isLoaded = (): boolean => Reflect.get(globalThis, 'parleyTrap') === true

describe('S13 what lies outside the allowed directories ends with 3 and is not loaded', () => {
  test.each([
    ['run', ['run', 'OUT/rest.yaml']],
    ['validate', ['validate', 'OUT/rest.yaml']],
    ['graph', ['graph', 'OUT/rest.yaml']],
    ['--config', ['run', 'rest.yaml', '--config', 'OUT/trap.ts']],
    ['a link to a document', ['run', 'link.yaml']],
    ['a link to a document, validated', ['validate', 'link.yaml']],
    ['a link to a document, drawn', ['graph', 'link.yaml']],
    ['a link to code', ['run', 'link.ts']],
    ['a linked directory', ['run', 'folder/trap.ts']],
    ['a link as --config', ['run', 'rest.yaml', '--config', 'link.ts']],
    ['a function of a module behind a link', ['run', 'linked.yaml']],
    ['a function of a module outside', ['run', 'far.yaml']],
    ['a function of a module above', ['run', 'up.yaml']],
    ['input', ['run', 'rest.yaml', '--input', '@OUT/in.json']],
  ])('S13 %s', async (_what, argv) => {
    await using fixture = await layout()
    const given = argv.map((one) => one.replace('OUT', join(fixture.cwd, 'secret')))
    const { exit, stdout, stderr } = await fixture.run([...given, '--json'], { cwd: fixture.work, clock })
    expect(exit).toBe(3)
    expect(JSON.parse(stdout)).toMatchObject({ ok: false, exit: 3, error: { code: 'path_refused' } })
    expect(stderr).toMatch(/^error {2}/m)
    expect(isLoaded()).toBe(false)
  })

  test('S13 validate tells of a module behind a link among the other problems of the document, and loads nothing', async () => {
    await using fixture = await layout()
    const { exit, stdout } = await fixture.run(['validate', 'linked.yaml', '--json'], { cwd: fixture.work, clock })
    expect(exit).toBe(1)
    expect(stdout).toContain('path_refused')
    expect(isLoaded()).toBe(false)
  })

  test.each(['runs resume', 'runs answer', 'runs fork', 'replay'])(
    'S13 --use of %s takes no file outside and no link that leads there',
    async (command) => {
      await using fixture = await layout()
      const world = { cwd: fixture.work, clock }
      const kept = await fixture.run(['run', 'rest.yaml', '--json', '--store', 'data'], world)
      const { run_id: runId } = JSON.parse(kept.stdout)
      for (const use of ['link.ts', join(fixture.cwd, 'secret/trap.ts'), '../secret/trap.ts']) {
        const argv = [...command.split(' '), runId, '--use', use, '--from-step', 'pause', '--store', 'data']
        const given = command === 'replay' ? argv.filter((one) => one !== '--from-step' && one !== 'pause') : argv
        const { exit, stderr } = await fixture.run(given, world)
        expect(exit, `${use}: ${stderr}`).toBe(3)
        expect(isLoaded()).toBe(false)
      }
    },
    60_000,
  )

  test('S13 an allowed directory is one more place; its links have to stay inside too', async () => {
    await using fixture = await layout()
    const allowed = ['--workflows-dir', join(fixture.cwd, 'secret')]
    const run = (argv: string[]): Promise<CliResult> => fixture.run([...argv, ...allowed], { cwd: fixture.work, clock })
    expect((await run(['run', 'link.yaml'])).exit).toBe(0)
    expect((await run(['validate', join(fixture.cwd, 'secret/rest.yaml')])).exit).toBe(0)
    await symlink('/etc/hostname', join(fixture.cwd, 'secret/out.yaml'))
    expect((await run(['run', join(fixture.cwd, 'secret/out.yaml')])).exit).toBe(3)
  })
})

describe('workflows 16 functions that a document names', () => {
  test('workflows 16 a module beside the document is loaded by run, and only looked for by validate', async () => {
    await using fixture = await layout()
    const world = { cwd: fixture.work, clock }
    expect((await fixture.run(['validate', 'named.yaml'], world)).exit).toBe(0)
    const { exit, stderr } = await fixture.run(['run', 'named.yaml'], world)
    expect(stderr).toContain('completed')
    expect(exit).toBe(0)
  })

  test.each([
    ['missing.yaml', 'document_unknown', 'none.ts'],
    ['unnamed.yaml', 'import_refused', 'thrice'],
  ])('workflows 16 %s ends with 3 as %s, naming %s', async (file, code, named) => {
    await using fixture = await layout()
    const { exit, stdout, stderr } = await fixture.run(['run', file, '--json'], { cwd: fixture.work, clock })
    expect(exit).toBe(3)
    expect(JSON.parse(stdout)).toMatchObject({ error: { code } })
    expect(stderr).toContain(named)
  })
})

test('apps 4 a configuration that is not there ends with 3', async () => {
  await using fixture = await layout()
  const { exit, stderr } = await fixture.run(['run', 'rest.yaml', '--config', 'none.ts'], { cwd: fixture.work, clock })
  expect(exit).toBe(3)
  expect(stderr).toContain('--config')
})
