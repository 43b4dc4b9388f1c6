import { describe, expect, test } from 'vitest'
import { cliFixture } from '../__fixtures__/cli-fixture.ts'

const good = `parley: 1
name: hello
steps:
  - { id: facts, prompt: "Facts about {{goal}}" }
  - { id: report, prompt: "Report on {{steps.facts.output}}" }
`

/** Seven faults: an unknown key, a doubled id, a self-dependency, two unknown names, a bad condition, an unknown tier. */
const bad = `parley: 1
name: bad
colour: blue
steps:
  - { id: a, prompt: "x" }
  - { id: a, prompt: "y" }
  - { id: b, prompt: "x", depends_on: [b] }
  - { id: c, prompt: "{{steps.nowhere.output}}" }
  - { id: d, prompt: "x", depends_on: [elsewhere] }
  - { id: e, prompt: "x", condition: "a >" }
  - { id: f, prompt: "x", tier: enormous }
`

test('workflows 16 validate of what is right ends with 0', async () => {
  await using fixture = await cliFixture({ 'good.yaml': good })
  const { exit, stdout } = await fixture.run(['validate', 'good.yaml'])
  expect(stdout).toBe('0 errors, 0 warnings in 1 file\n')
  expect(exit).toBe(0)
})

test('workflows 18.15 validate lists seven planted problems, each with file, line, column and fix', async () => {
  await using fixture = await cliFixture({ 'bad.yaml': bad, 'good.yaml': good })
  const { exit, stdout } = await fixture.run(['validate', 'bad.yaml', 'good.yaml', '--format', 'json'])
  expect(exit).toBe(1)
  const { problems, errors, ok } = JSON.parse(stdout)
  expect(ok).toBe(false)
  expect(errors).toBe(problems.length)
  expect(new Set(problems.map(({ line }: { line: number }) => line))).toEqual(new Set([3, 6, 7, 8, 9, 10, 11]))
  for (const problem of problems) {
    expect(problem).toMatchObject({ file: 'bad.yaml', severity: 'error' })
    expect(problem.column).toBeGreaterThan(0)
    expect(problem.message.length * problem.fix.length).toBeGreaterThan(0)
  }
  const text = await fixture.run(['validate', 'bad.yaml'])
  expect(text.stdout).toMatch(/^bad\.yaml:3:1 {2}error {2}/m)
  expect(text.stdout).toMatch(/^ {4}fix: /m)
  expect(text.stdout).toMatch(/\d+ errors, 0 warnings in 1 file\n$/)
  for (const line of text.stdout.split('\n')) expect(line.length, line).toBeLessThanOrEqual(80)
})

test('workflows 16 validate --format github writes annotations', async () => {
  await using fixture = await cliFixture({ 'bad.yaml': bad })
  const { exit, stdout } = await fixture.run(['validate', 'bad.yaml', '--format', 'github'])
  expect(exit).toBe(1)
  expect(stdout).toMatch(/^::error file=bad\.yaml,line=3,col=1,title=\w+::/m)
  for (const line of stdout.trimEnd().split('\n')) expect(line).toMatch(/^::error /)
})

test('apps 4 validate --json and --format json give the same one document', async () => {
  await using fixture = await cliFixture({ 'bad.yaml': bad })
  const one = await fixture.run(['validate', 'bad.yaml', '--json'])
  const other = await fixture.run(['validate', 'bad.yaml', '--format', 'json'])
  expect(one.stdout.trim().split('\n')).toHaveLength(1)
  expect(JSON.parse(one.stdout)).toEqual(JSON.parse(other.stdout))
})

describe('S13 validate runs nothing', () => {
  test('S13 functions that a document names are looked for and not loaded', async () => {
    const document = (path: string): string => `name: nodes
functions: [{ name: greet, path: "${path}" }]
nodes:
  - { name: begin, type: start, next: call }
  - { name: call, type: function, tool: "function://greet", inputs: {}, output: text, next: finish }
  - { name: finish, type: end, output: text }
data_types: { text: { type: string } }
`
    await using fixture = await cliFixture({
      'flows/a.yaml': document('greet.ts#greet'),
      'flows/greet.ts': 'globalThis.parleyTrap = true\nexport const greet = () => 1\n',
      'flows/none.yaml': document('none.ts#greet'),
      'flows/up.yaml': document('../flows/greet.ts#greet'),
    })
    expect((await fixture.run(['validate', 'flows/a.yaml'])).exit).toBe(0)
    expect(Reflect.get(globalThis, 'parleyTrap')).toBeUndefined()
    expect((await fixture.run(['validate', 'flows/none.yaml'])).exit).toBe(1)
    expect((await fixture.run(['validate', 'flows/up.yaml'])).exit).toBe(1)
  })

  test('S13 code is not validated, and files outside are refused', async () => {
    await using fixture = await cliFixture({ 'w.ts': 'globalThis.parleyTrap = true' })
    expect((await fixture.run(['validate', 'w.ts'])).exit).toBe(2)
    expect((await fixture.run(['validate', '../w.yaml'])).exit).toBe(3)
    expect((await fixture.run(['validate', 'none.yaml'])).exit).toBe(3)
    expect(Reflect.get(globalThis, 'parleyTrap')).toBeUndefined()
  })
})

test('workflows 16 a function whose module is not there is a problem at its place, beside all others', async () => {
  const functions = 'functions: [{ name: f, path: "nowhere.ts#f" }, { name: g, path: "../out.ts#g" }]'
  const text = `parley: 1\nname: code\n${functions}\nsteps:\n  - { id: a, function: f, tyer: fast }\n`
  await using fixture = await cliFixture({ 'code.yaml': text, 'bad.yaml': bad })
  const { exit, stdout } = await fixture.run(['validate', 'code.yaml', 'bad.yaml', '--format', 'json'])
  expect(exit).toBe(1)
  const { problems } = JSON.parse(stdout)
  expect(problems.filter(({ file }: { file: string }) => file === 'code.yaml')).toMatchObject([
    { code: 'document_unknown', path: 'functions[0].path', line: 3, column: 24 },
    { code: 'path_refused', path: 'functions[1].path', line: 3 },
    { code: 'document_invalid', path: 'steps.a.tyer', line: 5 },
  ])
  expect(problems.some(({ file }: { file: string }) => file === 'bad.yaml')).toBe(true)
  // Where it is run, the place is named too.
  expect((await fixture.run(['run', 'code.yaml'])).stderr).toContain('code.yaml:3:24: There is no module "nowhere.ts"')
})
