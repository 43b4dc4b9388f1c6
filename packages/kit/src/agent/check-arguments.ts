import { checkToolInput, type Json } from '@parley/spec'
import type { StepTool } from '../tools/tool-set.ts'
import type { CallValue } from './tool-results.ts'

/** Why a call is not run, as its result. */
export type Refusal = { error: NonNullable<CallValue['error']> }

/** Parses arguments by the tool's schema; faults are named by path. */
export async function checkArguments({ name, tool }: StepTool, args: Json): Promise<{ parsed: unknown } | Refusal> {
  const checked = await checkToolInput(tool, args)
  if (checked.ok) return { parsed: checked.value }
  const faults = checked.violations.map(({ path, message }) => ({ path, expected: message }))
  return refuse('tool_arguments_invalid', `Arguments of ${name} do not fit. Correct them and call again.`, faults)
}

/** A result that says why a call was not run. */
export function refuse(code: string, message: string, details?: Json): Refusal {
  return { error: { code, message, ...(details === undefined ? {} : { details }) } }
}
