import type { StepAction } from '@parley/workflow'

/** Greets whom the input names. */
export const greet: StepAction = (ctx) => `Hello, ${ctx.inputs['name'] ?? 'World'}!`

/** The greeting in capitals. */
export const shout: StepAction = (ctx) => ctx.inputs['greet'].toUpperCase()
