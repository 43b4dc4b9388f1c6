import { describe, expect, test } from 'vitest'
import { cliFixture } from './__fixtures__/cli-fixture.ts'

const commands = ['run', 'validate', 'version', 'graph', 'inspect', 'runs', 'replay', 'db', 'prices']

test('apps 4 help fits 80 columns and has two examples per command', async () => {
  await using fixture = await cliFixture()
  const top = await fixture.run(['--help'])
  expect(top.exit).toBe(0)
  for (const name of commands) {
    expect(top.stdout).toContain(`  ${name} `)
    const { exit, stdout } = await fixture.run([name, '--help'])
    expect(exit).toBe(0)
    expect(stdout.match(/^ {2}\$ parley /gm), name).toHaveLength(2)
    for (const option of ['--json', '--quiet', '--verbose', '--no-color', '--cwd', '--url'])
      expect(stdout, name).toContain(option)
    for (const line of stdout.split('\n')) expect(line.length, line).toBeLessThanOrEqual(80)
  }
})

describe('apps 4 wrong usage', () => {
  test.each([
    [['valdate', 'x.yaml'], 'validate'],
    [['inspect', '--failurs'], '--failures'],
    [['graph', 'a.yaml', '--format', 'gif'], 'mermaid'],
    [['runs', 'lst'], 'list'],
    [['run', 'a.yaml', '--budget', 'much'], '0.25'],
    [['run', 'a.yaml', '--on-exceed', 'explode'], 'downgrade'],
    [['run'], 'workflow'],
    [['validate'], 'files'],
  ])('apps 4 %j ends with 2 and names what is near', async (argv, near) => {
    await using fixture = await cliFixture()
    const { exit, stdout, stderr } = await fixture.run(argv)
    expect(exit).toBe(2)
    expect(stderr).toContain(near)
    expect(stdout).toBe('')
  })
})

test('workflows 16 version shows the version, Node and the back ends present', async () => {
  await using fixture = await cliFixture()
  const { exit, stdout } = await fixture.run(['version'])
  expect(exit).toBe(0)
  expect(stdout).toBe(`parley 0.1.0\nnode ${process.versions.node}\nback ends memory, postgres\n`)
  const json = await fixture.run(['version', '--json'])
  expect(JSON.parse(json.stdout)).toEqual({
    v: 1,
    type: 'result',
    ok: true,
    exit: 0,
    version: '0.1.0',
    node: process.versions.node,
    back_ends: ['memory', 'postgres'],
  })
})

describe('workflows 18.15 run refuses before any code is loaded', () => {
  const trap = 'globalThis.parleyTrap = true\nexport const workflow = {}\n'

  test.each([
    [['run', '../x.ts'], 3],
    [['run', 'x.ts', '--input', 'not json'], 2],
    [['run', 'x.ts', '--input', '[1]'], 2],
    [['run', 'x.ts', '--input', '@../in.json'], 3],
    [['run', 'https://example.com/x.ts'], 3],
    [['run', 'none.ts'], 3],
    [['run', 'x.ts', '--budget', '-1'], 2],
  ])('S12 S13 %j', async (argv, exit) => {
    await using fixture = await cliFixture({ 'x.ts': trap })
    const result = await fixture.run(argv)
    expect(result.exit).toBe(exit)
    expect(result.stderr).toMatch(/^error /)
    expect(Reflect.get(globalThis, 'parleyTrap')).toBeUndefined()
  })
})

test('apps 4 colours come on a terminal only, and not with NO_COLOR or --no-color', async () => {
  await using fixture = await cliFixture()
  const run = async (argv: string[], isTTY: boolean, env: { NO_COLOR?: string } = {}): Promise<string> => {
    let stderr = ''
    await fixture.run(argv, { env, stderr: { isTTY, write: (text) => void (stderr += text) } })
    return stderr
  }
  const argv = ['inspect', 'none.jsonl']
  expect(await run(argv, true)).toContain('\u001B[31m')
  expect(await run(argv, false)).not.toContain('\u001B')
  expect(await run(argv, true, { NO_COLOR: '1' })).not.toContain('\u001B')
  expect(await run([...argv, '--no-color'], true)).not.toContain('\u001B')
})
