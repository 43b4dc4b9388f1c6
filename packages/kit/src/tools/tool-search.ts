import { defineTool, type AnyTool, type ToolDefinition } from '@parley/spec'
import { z } from 'zod'
import type { LoopInput } from '../agent/loop-input.ts'
import type { LoopState } from '../agent/loop-state.ts'
import { estimateTokens } from '../agent/token-estimate.ts'
import { toDefinition, type StepTool, type ToolSet } from './tool-set.ts'

const MAX_FOUND = 8

/** What a tool's description costs does not change. */
const sizes = new WeakMap<AnyTool, number>()

/** The tools as a step shows them to the model. */
export interface ToolCatalogue {
  tools: ToolSet
  described: ToolDefinition[]
  /** A word for the system prompt when tools must be searched for. */
  note?: string
}

/**
 * Describes all tools; or, when that would take too much of the model's window, those that are pinned or in use, with
 * `find_tools` and `list_tools` for the rest. Any of them may be called by its exact name all the same.
 */
export function createCatalogue(tools: ToolSet, input: LoopInput, state: LoopState): ToolCatalogue {
  const all = tools.allowed.map(toDefinition)
  const roomTokens = input.model.card.contextTokens * input.limits.toolShare
  if (tools.allowed.reduce((sum, entry) => sum + tokensOf(entry), 0) <= roomTokens) return { tools, described: all }
  const search = searchTools(tools, state)
  const isShown = ({ name, origin, isPinned }: StepTool): boolean =>
    isPinned ||
    origin === 'room' ||
    origin === 'builtin' ||
    state.loadedTools.has(name) ||
    input.pinnedTools.includes(name)
  const shown = [...search, ...tools.allowed.filter(isShown)]
  const searchable: ToolSet = {
    ...tools,
    get: (name) => search.find((entry) => entry.name === name) ?? tools.get(name),
  }
  const hidden = tools.allowed.length - (shown.length - search.length)
  return {
    tools: searchable,
    described: shown.map(toDefinition),
    note: `There are ${hidden} more tools. Find what you need with find_tools, or see all names with list_tools.`,
  }
}

function tokensOf(entry: StepTool): number {
  const known = sizes.get(entry.tool)
  if (known !== undefined) return known
  const tokens = estimateTokens(JSON.stringify(toDefinition(entry)))
  sizes.set(entry.tool, tokens)
  return tokens
}

function searchTools(tools: ToolSet, state: LoopState): StepTool[] {
  const find = defineTool({
    name: 'find_tools',
    description: 'Finds tools by what they do and makes them available. Give a few words.',
    input: z.strictObject({ query: z.string().min(1) }),
    effect: 'pure',
    run({ query }) {
      const found = rank(tools.allowed, query).slice(0, MAX_FOUND)
      for (const { name } of found) state.loadedTools.add(name)
      return { tools: found.map(({ name, tool }) => ({ name, description: tool.description })) }
    },
  })
  const list = defineTool({
    name: 'list_tools',
    description: 'Gives the names of all tools. A tool may be called by its exact name.',
    input: z.strictObject({}),
    effect: 'pure',
    run: () => ({ names: tools.allowed.map(({ name }) => name) }),
  })
  return [find, list].map((tool) => ({
    name: tool.name,
    tool,
    origin: 'builtin' as const,
    isAllowed: true,
    isPinned: true,
  }))
}

function rank(entries: readonly StepTool[], query: string): StepTool[] {
  const words = query.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []
  const score = ({ name, tool }: StepTool): number => {
    const named = name.toLowerCase()
    const described = tool.description.toLowerCase()
    return words.reduce((sum, word) => sum + (named.includes(word) ? 3 : 0) + (described.includes(word) ? 1 : 0), 0)
  }
  return entries
    .map((entry) => ({ entry, points: score(entry) }))
    .filter(({ points }) => points > 0)
    .sort((one, other) => other.points - one.points)
    .map(({ entry }) => entry)
}
