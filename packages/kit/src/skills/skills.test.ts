import { ConversationState, defineTool } from '@parley/spec'
import { scriptedModel } from '@parley/testing'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { createTurnBench, textOf } from '../agent/__fixtures__/turn-bench.ts'
import { Agent } from '../agent/agent.ts'
import { readFrontmatter } from './read-frontmatter.ts'
import type { SkillLoader } from './skill-loader.ts'
import { skills } from './skills.ts'

const skillText = (name: string, tools = ''): string =>
  `---\nname: ${name}\ndescription: "About ${name}"\n${tools}---\nBody of ${name}.\n`

function loaderOf(...names: string[]): SkillLoader {
  return { list: () => Promise.resolve(names.map((name) => ({ folder: name, text: skillText(name) }))) }
}

const activate = (name: string): { toolCalls: { name: string; arguments: { name: string } }[] } => ({
  toolCalls: [{ name: 'activate_skill', arguments: { name } }],
})

test('SK-1 the head of a skill is read strictly; all faults of all skills are listed and nothing is loaded', async () => {
  expect(readFrontmatter(skillText('refunds', 'tools: [pay, "look up"]\n'))).toEqual({
    ok: true,
    value: { name: 'refunds', description: 'About refunds', tools: ['pay', 'look up'], body: 'Body of refunds.' },
  })
  expect(readFrontmatter('---\nname: a\ndescription: b\ntools:\n  - one\n  - other\n---\nx')).toMatchObject({
    ok: true,
    value: { tools: ['one', 'other'] },
  })
  expect(readFrontmatter('---\nname: a\ndescription: >\n  folded\nmodel: gpt\n---\nx')).toMatchObject({
    ok: false,
    faults: { length: 4 },
  })
  const loader: SkillLoader = {
    list: () =>
      Promise.resolve([
        { folder: 'good', text: skillText('good') },
        { folder: 'bad', text: 'no head' },
        { folder: 'twin', text: skillText('good') },
      ]),
  }
  await expect(skills(loader).open(createTurnBench().context)).rejects.toMatchObject({
    code: 'skill_invalid',
    details: { faults: [expect.stringContaining('bad'), expect.stringContaining('twin')] },
  })
})

test('SK-1 SK-2 the model sees names and descriptions, activation brings body and tools from the next step on', async () => {
  const pay = defineTool({ name: 'pay', description: 'Pays', input: z.object({}), run: () => 'paid' })
  const loader: SkillLoader = {
    list: () =>
      Promise.resolve([
        { folder: 'refunds', text: skillText('refunds', 'tools: [pay]\n') },
        { folder: 'mail', text: skillText('mail') },
      ]),
  }
  const model = scriptedModel([
    { toolCalls: [{ name: 'pay', arguments: {} }, ...activate('refunds').toolCalls] },
    { toolCalls: [{ name: 'pay', arguments: {} }, ...activate('refunds').toolCalls] },
    'ok',
  ])
  const agent = new Agent('agent', { model, role: 'Clerk', skills: skills(loader, { tools: [pay] }) })
  const bench = createTurnBench()
  await bench.take(agent)
  const [first, second, third] = model.requests
  expect(first?.system).toContain('- refunds: About refunds\n- mail: About mail')
  expect(first?.system).not.toContain('Body of')
  expect(first?.tools?.map(({ name }) => name)).toEqual(['activate_skill'])
  expect(second?.system?.split('Body of refunds.')).toHaveLength(2)
  expect(second?.tools?.map(({ name }) => name)).toEqual(['activate_skill', 'pay'])
  expect(third?.system).toBe(second?.system)
  const results = [second, third].map((request) => {
    const message = request?.messages.at(-1)
    return message?.role === 'tool' ? message.results.map(({ content }) => textOf(content)) : []
  })
  expect(results[0]?.[0]).toContain('tool_unknown')
  expect(results[1]?.[0]).toBe('paid')
  expect(results[1]?.[1]).toContain('active already')
  expect(second?.system?.endsWith('--- Agent Identity ---\nRole: Clerk')).toBe(true)
})

test('SK-2 activation is kept per room and agent, at most four, the least recently used goes', async () => {
  const names = ['a', 'b', 'c', 'd', 'e']
  const source = skills(loaderOf(...names))
  const model = scriptedModel([...['a', 'b', 'c', 'd', 'a', 'e'].map(activate), 'ok'])
  const bench = createTurnBench()
  await bench.take(new Agent('agent', { model, skills: source }))
  expect(bench.state().context['activeSkills']).toEqual({ agent: ['c', 'd', 'a', 'e'] })

  const later = scriptedModel(['ok', 'ok'])
  await createTurnBench({ state: bench.state() }).take(new Agent('agent', { model: later, skills: source }))
  await createTurnBench({ agentId: 'other', state: bench.state() }).take(
    new Agent('other', { model: later, skills: source }),
  )
  expect(later.requests.map(({ system = '' }) => names.filter((name) => system.includes(`Body of ${name}.`)))).toEqual([
    ['a', 'c', 'd', 'e'],
    [],
  ])
})

test('SK-3 files are read within the folder, scripts run only where the host gave a runner', async () => {
  const asked: unknown[] = []
  const loader: SkillLoader = {
    ...loaderOf('refunds'),
    readFile: (folder, path) => (asked.push([folder, path]), Promise.resolve('the text')),
  }
  const call = (name: string, path: string) => ({ name, arguments: { skill: 'refunds', path } })
  const model = scriptedModel([
    {
      toolCalls: [
        call('read_skill_file', 'forms/a.md'),
        call('read_skill_file', '../../etc/passwd'),
        call('read_skill_file', '/etc/passwd'),
        call('run_skill_script', 'run.sh'),
      ],
    },
    'ok',
    { toolCalls: [call('run_skill_script', 'run.sh')] },
    'ok',
  ])
  const state = new ConversationState({ context: { activeSkills: { agent: ['refunds'] } } })
  await createTurnBench({ state }).take(new Agent('agent', { model, skills: skills(loader) }))
  const message = model.requests[1]?.messages.at(-1)
  const contents = message?.role === 'tool' ? message.results.map(({ content }) => textOf(content)) : []
  expect(contents[0]).toBe('the text')
  expect(contents.slice(1).map((text) => JSON.parse(text).error.code)).toEqual([
    'path_outside',
    'path_outside',
    'tool_unknown',
  ])
  expect(asked).toEqual([['refunds', 'forms/a.md']])

  const ran: unknown[] = []
  await createTurnBench({ state }).take(
    new Agent('agent', {
      model,
      skills: skills(loader, { runScript: (script) => (ran.push(script), Promise.resolve('done')) }),
    }),
  )
  expect(ran).toEqual([{ folder: 'refunds', path: 'run.sh', arguments: [] }])
})
