const idPattern = /^[a-zA-Z0-9_-]{1,64}$/
const forbidden: readonly string[] = ['__proto__', 'constructor', 'prototype']

/** Why a text cannot be the id of a step, if it cannot. */
export function findStepIdFault(id: string): string | undefined {
  if (forbidden.includes(id)) return 'the name is reserved'
  if (id === '') return 'it is empty'
  if (id.length > 64) return 'it is longer than 64 characters'
  return idPattern.test(id) ? undefined : 'it has a character that is not allowed'
}
