import { FieldNode } from './field-node.ts'

/** Text. */
export const strNode: FieldNode = new FieldNode({
  kind: 'str',
  token: 'str',
  check: (value, run) => {
    if (typeof value !== 'string') run.fault('str', value)
    return value
  },
  toJson: () => ({ type: 'string' }),
})

/** A number without a fraction. */
export const intNode: FieldNode = new FieldNode({
  kind: 'int',
  token: 'int',
  check: (value, run) => {
    if (!Number.isInteger(value)) run.fault('int', value)
    return value
  },
  toJson: () => ({ type: 'integer' }),
})

/** A finite number. */
export const floatNode: FieldNode = new FieldNode({
  kind: 'float',
  token: 'float',
  check: (value, run) => {
    if (!Number.isFinite(value)) run.fault('float', value)
    return value
  },
  toJson: () => ({ type: 'number' }),
})

/** True or false. */
export const boolNode: FieldNode = new FieldNode({
  kind: 'bool',
  token: 'bool',
  check: (value, run) => {
    if (typeof value !== 'boolean') run.fault('bool', value)
    return value
  },
  toJson: () => ({ type: 'boolean' }),
})
