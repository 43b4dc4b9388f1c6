import { isRecord } from './object-node.ts'

/** What a judge said. */
export interface Verdict {
  result: 'PASS' | 'FAIL'
  /** 0 to 1. */
  confidence: number
}

/** Reads a judge's answer: JSON, or the lines `result: PASS` and `confidence: 0.9`. Undefined when it is neither. */
export function readVerdict(answer: string): Verdict | undefined {
  const text = answer.trim()
  return text.startsWith('{') ? readJson(text) : readLines(text)
}

function readJson(text: string): Verdict | undefined {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    // Not JSON after all: unreadable, which fails the value.
    return undefined
  }
  return isRecord(value) ? toVerdict(value['result'], value['confidence']) : undefined
}

function readLines(text: string): Verdict | undefined {
  const lines = text.split('\n').filter((line) => line.trim() !== '')
  if (lines.length !== 2) return undefined
  const pairs = lines.map((line) => line.split(':').map((part) => part.trim()))
  const [result, confidence] = ['result', 'confidence'].map(
    (name) => pairs.find((pair) => pair.length === 2 && pair[0]?.toLowerCase() === name)?.[1],
  )
  if (confidence === undefined || !/^\d(\.\d{1,9})?$/.test(confidence)) return undefined
  return toVerdict(result, Number(confidence))
}

function toVerdict(result: unknown, confidence: unknown): Verdict | undefined {
  if (result !== 'PASS' && result !== 'FAIL') return undefined
  if (typeof confidence !== 'number' || !(confidence >= 0 && confidence <= 1)) return undefined
  return { result, confidence }
}
