import { ParleyError } from '@parley/spec'
import { holdsRight, type Principal, type Right } from './principal.ts'

/**
 * Lets a principal pass who holds one of the rights; none named lets every principal pass.
 * @param options.allowsRoomToken - Whether the token of a participant may open this at all. @default false
 * @throws {ParleyError} `forbidden`
 */
export function authorize(
  principal: Principal,
  anyOf: readonly Right[],
  { allowsRoomToken = false }: { allowsRoomToken?: boolean } = {},
): void {
  if (principal.kind === 'room' && !allowsRoomToken) {
    throw new ParleyError({
      code: 'forbidden',
      message: 'The token of a participant does not open this. Use an API key.',
    })
  }
  if (anyOf.length === 0 || holdsRight(principal, anyOf)) return
  throw new ParleyError({
    code: 'forbidden',
    message: `The key lacks the right ${anyOf.join(' or ')}.`,
    details: { rights: [...anyOf] },
  })
}
