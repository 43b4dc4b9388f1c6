import { checkOptions, defineTool, ParleyError, type AnyTool, type Json, type TurnContext } from '@parley/spec'
import { z } from 'zod'
import { loadSkills, type Skill } from './load-skills.ts'
import type { ScriptRunner, SkillLoader } from './skill-loader.ts'
import type { OpenSkills, SkillSource } from './skill-source.ts'

/** Skills that may be active at once. */
export const MAX_ACTIVE_SKILLS = 4
/** Where a room's conversation state keeps which skills are active, by agent. */
const STATE_KEY = 'activeSkills'

export interface SkillsOptions {
  /** Tools that skills name in their head; they exist only while such a skill is active. */
  tools?: readonly AnyTool[]
  /** Runs scripts of skills. @default scripts are not run */
  runScript?: ScriptRunner
}

/**
 * Skills of an agent: the model sees their names and descriptions and reads a body when it needs it. Which are active
 * belongs to room and agent.
 */
export function skills(loader: SkillLoader, options: SkillsOptions = {}): SkillSource {
  checkOptions('skills', options, ['tools', 'runScript'])
  let loaded: Promise<Map<string, Skill>> | undefined
  return {
    async open(context) {
      loaded ??= loadSkills(loader)
      try {
        return openSkills(await loaded, loader, options, context)
      } catch (thrown) {
        // The folder may be put right while the process runs.
        loaded = undefined
        throw thrown
      }
    },
  }
}

function openSkills(
  all: Map<string, Skill>,
  loader: SkillLoader,
  { tools = [], runScript }: SkillsOptions,
  context: TurnContext,
): OpenSkills {
  /** Least recently used first. */
  let active = activeIn(context.state.context[STATE_KEY], context.agentId).filter((name) => all.has(name))
  const activate = async (name: string): Promise<void> => {
    active = [...active.filter((other) => other !== name), name].slice(-MAX_ACTIVE_SKILLS)
    // Outside a room there is nothing to keep it in, and nothing that comes after.
    if (context.room.id === '') return
    const { agentId } = context
    await context.room.updateState((state) =>
      state.with({
        context: { ...state.context, [STATE_KEY]: { ...recordOf(state.context[STATE_KEY]), [agentId]: active } },
      }),
    )
  }
  const activeSkills = (): Skill[] => active.flatMap((name) => all.get(name) ?? [])
  return {
    promptText() {
      if (all.size === 0) return ''
      const list = [...all.values()].map(({ name, description }) => `- ${name}: ${description}`)
      // In the order of their names, so that using one does not move the others.
      const bodies = activeSkills()
        .sort((one, other) => (one.name < other.name ? -1 : 1))
        .map(({ name, body }) => `## Skill ${name}\n${body}`)
      return [['Skills, to be read with activate_skill when they fit:', ...list].join('\n'), ...bodies].join('\n\n')
    },
    async tools() {
      if (all.size === 0) return []
      const now = activeSkills()
      const named = new Set(now.flatMap((skill) => skill.tools))
      return [
        activateTool(all, () => active, activate),
        ...tools.filter(({ name }) => named.has(name)),
        ...(now.length > 0 && loader.readFile !== undefined ? [readFileTool(now, loader.readFile.bind(loader))] : []),
        ...(now.length > 0 && runScript !== undefined ? [runScriptTool(now, runScript)] : []),
      ]
    },
  }
}

function activateTool(
  all: Map<string, Skill>,
  active: () => readonly string[],
  activate: (name: string) => Promise<void>,
): AnyTool {
  return defineTool({
    name: 'activate_skill',
    description: 'Makes a skill active: its instructions and its tools are there from the next step on.',
    input: z.strictObject({ name: z.string() }),
    effect: 'idempotent',
    async run({ name }): Promise<Json> {
      if (!all.has(name)) return { active: false, reason: `There is no skill "${name}".`, known: [...all.keys()] }
      const wasActive = active().includes(name)
      await activate(name)
      return wasActive
        ? { active: true, note: 'It was active already.' }
        : { active: true, note: 'Its instructions are in the system prompt now.' }
    },
  })
}

function readFileTool(active: readonly Skill[], readFile: NonNullable<SkillLoader['readFile']>): AnyTool {
  return defineTool({
    name: 'read_skill_file',
    description: 'Reads a file that belongs to an active skill.',
    input: z.strictObject({ skill: z.string(), path: z.string().min(1) }),
    effect: 'pure',
    run: ({ skill, path }) => readFile(folderOf(active, skill), checkedPath(path)),
  })
}

function runScriptTool(active: readonly Skill[], runScript: ScriptRunner): AnyTool {
  return defineTool({
    name: 'run_skill_script',
    description: 'Runs a script that belongs to an active skill.',
    input: z.strictObject({ skill: z.string(), path: z.string().min(1), arguments: z.array(z.string()).default([]) }),
    run: ({ skill, path, arguments: given }, { signal, idempotencyKey }) =>
      runScript(
        { folder: folderOf(active, skill), path: checkedPath(path), arguments: given },
        { signal, idempotencyKey },
      ),
  })
}

function folderOf(active: readonly Skill[], name: string): string {
  const skill = active.find((one) => one.name === name)
  if (skill !== undefined) return skill.folder
  throw new ParleyError({
    code: 'tool_not_allowed',
    message: `The skill "${name}" is not active. Activate it first.`,
    details: { skill: name },
  })
}

/** Refuses what cannot be in the folder before any loader sees it; the loader checks again after resolving links. */
function checkedPath(path: string): string {
  const parts = path.split(/[/\\]/)
  if (!/^([/\\]|[A-Za-z]:)/.test(path) && !parts.includes('..') && !path.includes('\0')) return path
  throw new ParleyError({
    code: 'path_outside',
    message: 'Files of a skill are named by a path within its folder.',
    details: {},
  })
}

function activeIn(value: Json | undefined, agentId: string): string[] {
  const list = recordOf(value)[agentId]
  return Array.isArray(list) ? list.filter((name) => typeof name === 'string').slice(-MAX_ACTIVE_SKILLS) : []
}

function recordOf(value: Json | undefined): { [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {}
}
