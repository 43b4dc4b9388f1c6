import { Pending, type CheckRun } from './check-run.ts'
import { FieldNode, nodeToJson } from './field-node.ts'

/** A list, of items of one type or (without `item`) of anything. */
export function listNode(item?: FieldNode): FieldNode {
  return new FieldNode({
    kind: 'list',
    token: item === undefined ? 'list' : `list[${item.token}]`,
    children: item === undefined ? new Map() : new Map([['item', item]]),
    check: (value, run) => {
      if (!Array.isArray(value)) {
        run.fault('list', value)
        return value
      }
      return item === undefined ? value : checkItems(value, item, run)
    },
    toJson: () => (item === undefined ? { type: 'array' } : { type: 'array', items: nodeToJson(item) }),
  })
}

function checkItems(list: readonly unknown[], item: FieldNode, run: CheckRun): unknown {
  let output: unknown[] | undefined
  let waits: Pending[] | undefined
  const faultsBefore = run.faultCount
  for (let index = 0; index < list.length; index++) {
    const since = run.size
    const raw = list[index]
    const result = item.check(raw, run)
    if (run.size !== since) run.under(index, since)
    if (result === raw) continue
    output ??= [...list]
    if (result instanceof Pending) {
      const target = output
      waits ??= []
      waits.push(result.map((later) => (target[index] = later)))
    } else output[index] = result
  }
  if (waits === undefined) return output ?? list
  return run.waitForAll(waits, output, run.faultCount > faultsBefore)
}
