import { describe, expect, test } from 'vitest'
import { loadDocument } from './load-document.ts'

const told = (text: string): string[] =>
  loadDocument(text).problems.map(({ line, path, fix }) => `${line} ${path}: ${fix}`)

describe('W-6 one fault is told once', () => {
  test('W-6 a step that cannot be read is not missed by those that name it', () => {
    expect(
      told(`
parley: 1
name: one
steps:
  - { id: first, prompt: 5 }
  - { id: second, prompt: "{{steps.first.output}}", depends_on: [first] }
`),
    ).toEqual(['5 steps.first.prompt: Give text.'])
  })

  test('W-6 a key that is misspelt is told, and not that the step does nothing', () => {
    expect(told('parley: 1\nname: one\nsteps:\n  - { id: first, promt: x }\n')).toEqual([
      '4 steps.first.promt: Did you mean "prompt"?',
    ])
    expect(told('parley: 1\nname: one\nsteps:\n  - { id: first }\n')).toEqual([
      expect.stringContaining('4 steps.first: Add "prompt"'),
    ])
  })

  test('W-6 behind a node that cannot be read, or a name that is nearly one, nodes are not said to be out of reach', () => {
    const nodes = (middle: string, next = 'middle'): string[] =>
      told(`
name: one
llm_model: a/b
nodes:
  - { name: begin, type: start, next: ${next} }
  - { name: middle, ${middle}, next: finish }
  - { name: finish, type: end, output: answer }
`)
    expect(nodes('type: lllm, prompt: x, output: answer')).toEqual(['6 nodes.middle.type: Did you mean "llm"?'])
    expect(nodes('type: llm, prompt: x, output: answer', 'midle')).toEqual([
      '5 steps.begin.next: Did you mean "middle"?',
    ])
    expect(nodes('type: llm, prompt: x, output: answer', 'finish')).toEqual([
      '6 steps.middle: Lead to it, or take it out.',
    ])
  })

  test('W-6 a hint never names the step itself', () => {
    expect(
      told('parley: 1\nname: one\nsteps:\n  - { id: a, prompt: "{{steps.b.output}}", depends_on: [c] }\n'),
    ).toEqual(['4 steps.a.dependsOn: Name a step of the same region.', '4 steps.a.prompt: Name a step that exists.'])
  })

  test('W-6 an empty text is told to be one', () => {
    expect(loadDocument('').problems.map(({ message }) => message)).toEqual(['The document is empty.'])
    expect(loadDocument('- a').problems.map(({ message }) => message)).toEqual(['The document is no object.'])
  })
})
