import { hookPayload, hookScope, type CallCore } from './call-core.ts'

/** A key of the person, by way of the hooks: one that they block counts for nothing, in the order of pressing. */
export function pressKey(core: CallCore, digit: string): void {
  const { access, roomId } = core.parts
  const scope = hookScope(core)
  const take = (digits: string): void => {
    for (const one of digits) {
      if (core.requests.absorbs(one)) continue
      core.emitter.emit({ type: 'dtmf', digit: core.requests.isSensitive ? '*' : one })
      core.requests.key(one)
    }
  }
  if (!access.hasHook('onDtmf', scope)) return take(digit)
  core.pressed = core.pressed
    .then(async () => {
      const outcome = await access.runHook('onDtmf', { ...hookPayload(core), digits: digit }, scope)
      if (outcome.blocked === undefined && !core.isEnding) take(outcome.payload.digits)
    })
    .catch((error: unknown) => access.reportError(error, 'dtmf', roomId))
}
