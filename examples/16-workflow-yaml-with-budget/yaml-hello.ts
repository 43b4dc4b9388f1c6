// The same workflow from YAML and from code is the same definition: equal hash, equal events.
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { loadDocument, createEngine, Step, Workflow, type RegisteredFunction, type StepAction } from '@parley/workflow'

const greet: StepAction = (ctx) => `Hello, ${ctx.inputs['name'] ?? 'World'}!`
const shout: StepAction = (ctx) => ctx.inputs['greet'].toUpperCase()
const functions = new Map<string, RegisteredFunction>([
  ['greet', { name: 'greet', version: '1', run: greet }],
  ['shout', { name: 'shout', version: '1', run: shout }],
])

const yaml = await readFile(new URL('hello.yaml', import.meta.url), 'utf8')
const fromYaml = loadDocument(yaml, { functions })
assert.deepEqual(fromYaml.problems, [])
const fromCode = new Workflow({
  name: 'hello',
  parallel: true, // steps of documents may run beside each other, those of code only when they say so
  steps: [new Step({ name: 'greet', action: greet }), new Step({ name: 'shout', action: shout, dependsOn: ['greet'] })],
})
assert.equal(fromYaml.definition.hash, fromCode.definition.hash)

await using engine = createEngine()
const types = async (workflow: Parameters<typeof engine.stream>[0]): Promise<string[]> => {
  const seen: string[] = []
  for await (const { type, step } of engine.stream(workflow, { name: 'Kairos' })) seen.push(`${type} ${step ?? ''}`)
  return seen
}
assert.deepEqual(await types(fromYaml), await types(fromCode))
const result = await engine.run(fromYaml, { name: 'Kairos' })
assert.equal(result.output, 'HELLO, KAIROS!')

// What is wrong in a document is told with line and column, all of it at once.
const broken = loadDocument(
  `${yaml.trimEnd()}\n  - { id: whisper, function: whisper, depends_on: [shot], tyer: fast }\n`,
  { functions },
)
for (const { line, column, message } of broken.problems) console.log(`${line}:${column} ${message}`)
assert.ok(broken.problems.length >= 3)
assert.ok(broken.problems.every(({ line }) => line === 7))
console.log(result.output)
