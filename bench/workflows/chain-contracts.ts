import { Schema, t, v } from '@parley/workflow'
import { z } from 'zod'
import { alternate } from '../alternate.ts'
import { toFigure } from '../figure.ts'
import { throughput } from '../throughput.ts'
import type { Scenario } from '../suite.ts'
import { sampleText, textContract } from './payload.ts'

const flat = new Schema(
  {
    id: t.str,
    title: t.str,
    body: t.str,
    count: t.int,
    score: t.float,
    active: t.bool,
    tags: t.list(t.str),
    source: t.str,
    at: t.str,
    language: t.str,
  },
  { validators: { score: [v.range({ min: 0, max: 1 })] } },
)
const zodFlat = textContract.extend({ score: z.number().min(0).max(1) })

const nested = new Schema({ ticket: flat, followUps: t.list(flat) })
const zodNested = z.object({ ticket: zodFlat, followUps: z.array(zodFlat) })

interface Case {
  metric: string
  ours: Schema
  peer: z.ZodType
  value: unknown
  isValid: boolean
}

function cases(): Case[] {
  const good = sampleText()
  const bad = { ...good, count: 1.5, score: 2 }
  const around = (payload: typeof good): unknown => ({ ticket: good, followUps: [good, good, payload] })
  return [
    { metric: 'chain-contracts', ours: flat, peer: zodFlat, value: good, isValid: true },
    { metric: 'chain-contracts-fail', ours: flat, peer: zodFlat, value: bad, isValid: false },
    { metric: 'chain-contracts-nested', ours: nested, peer: zodNested, value: around(good), isValid: true },
    { metric: 'chain-contracts-nested-fail', ours: nested, peer: zodNested, value: around(bad), isValid: false },
  ]
}

/** Nanoseconds per validation of the ten fields by `Schema` and by zod: flat, and in a list; one that passes, one that does not. */
export const chainContracts: Scenario = async function* ({ progress, isQuick }) {
  const timeMs = isQuick ? 10 : 300
  for (const { metric, ours, peer, value, isValid } of cases()) {
    const own = (): boolean => {
      const result = ours['~standard'].validate(value)
      return !(result instanceof Promise) && result.issues === undefined
    }
    const zods = (): boolean => peer.safeParse(value).success
    if (own() !== isValid || zods() !== isValid) throw new Error(`${metric}: the contracts disagree with the case.`)
    const nanoseconds = async (run: () => boolean): Promise<number> => 1e9 / (await throughput(run, timeMs))
    const measured = await alternate(
      { ours: () => nanoseconds(own), peer: () => nanoseconds(zods) },
      { rounds: isQuick ? 1 : 5, progress },
    )
    yield toFigure({
      metric,
      unit: 'ns/validation',
      better: 'lower',
      ours: measured.ours,
      peer: measured.peer,
      peerName: 'bare zod',
      n: measured.n,
    })
  }
}
