import type { ModelCallPorts } from './model-call.ts'

/** Ports with a counter of reservations. */
export type CountedPorts = ModelCallPorts & Required<Pick<ModelCallPorts, 'nextCall'>>

/** Ports that count the reservations of a decision where the caller does not count those of the attempt. */
export function countedPorts(ports: ModelCallPorts): CountedPorts {
  const { nextCall } = ports
  if (nextCall !== undefined) return { ...ports, nextCall }
  let call = 0
  return { ...ports, nextCall: () => ++call }
}
