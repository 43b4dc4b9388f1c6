import type { ChatResult, ToolCallPart } from '@parley/spec'
import type { ToolCatalogue } from '../tools/tool-search.ts'
import { checkArguments } from './check-arguments.ts'
import type { LoopInput } from './loop-input.ts'

/**
 * An answer whose model wrote its calls as text that would be spoken: those whose tool is known and whose arguments fit
 * are made. Others stay unsaid, and are left to the model's next step.
 */
export async function madeReal(
  { services }: LoopInput,
  { tools }: ToolCatalogue,
  result: ChatResult,
): Promise<ChatResult> {
  if (result.toolCalls.length > 0 || result.text === '') return result
  const written = services.writtenCalls?.(result.text)
  if (written === undefined || written.calls.length === 0) return result
  const toolCalls: ToolCallPart[] = []
  for (const { name, arguments: args } of written.calls) {
    const entry = tools.get(name)
    if (entry === undefined || 'error' in (await checkArguments(entry, args))) continue
    toolCalls.push({ callId: services.nextId('call'), name, arguments: JSON.stringify(args) })
  }
  return toolCalls.length === 0 ? result : { ...result, text: written.text, toolCalls }
}
