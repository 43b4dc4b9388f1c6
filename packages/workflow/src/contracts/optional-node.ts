import { FieldNode, nodeToJson } from './field-node.ts'

/** A field that may be absent; `null` counts as absent where `takesNull` says so. */
export function optionalNode(inner: FieldNode, takesNull = true): FieldNode {
  if (inner.kind === 'optional' && (inner.identity === true || !takesNull)) return inner
  return new FieldNode({
    kind: 'optional',
    token: takesNull ? `${inner.token}|null` : inner.token,
    children: new Map([['inner', inner]]),
    identity: takesNull,
    takesAbsent: () => true,
    // An optional is not a level of its own.
    depth: inner.depth,
    check: (value, run) => {
      if (value === undefined || (takesNull && value === null)) return value
      return inner.check(value, run)
    },
    toJson: () => (takesNull ? { anyOf: [nodeToJson(inner), { type: 'null' }] } : nodeToJson(inner)),
  })
}
