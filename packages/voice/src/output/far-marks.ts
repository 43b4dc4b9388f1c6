/** Marks that the far end has not given back, in the order they were sent. */
export interface FarMarks {
  add(mark: FarMark): void
  /** Takes a mark and all before it; unknown names give nothing. */
  take(name: string): FarMark | undefined
  readonly first: FarMark | undefined
  clear(): void
}

export interface FarMark {
  name: string
  /** Where it is on the line. */
  positionMs: number
  /** When it should come back. */
  dueAtMs: number
}

export function createFarMarks(): FarMarks {
  let pending: FarMark[] = []
  return {
    add: (mark) => void pending.push(mark),
    take(name) {
      const index = pending.findIndex((mark) => mark.name === name)
      if (index < 0) return undefined
      const mark = pending[index]
      pending = pending.slice(index + 1)
      return mark
    },
    get first() {
      return pending[0]
    },
    clear() {
      pending = []
    },
  }
}
