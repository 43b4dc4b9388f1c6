import type { PipelineStage } from '@parley/spec'
import { contracts } from './contracts.ts'

/** Id under which rooms store the pipeline. */
export const pipelineId = 'harbor'

/** The phase that code enters when a conversation has ended. It is no stage: nobody answers in it. */
export const wrapupPhase = 'wrapup'

const specialists = ['billing', 'technical', 'retention'] as const

function specialist(phase: (typeof specialists)[number], description: string): PipelineStage {
  const others = specialists.filter((other) => other !== phase)
  return {
    phase,
    agentId: phase,
    next: [...others, 'human'],
    canReturnTo: ['intake'],
    description,
    contract: contracts[phase],
  }
}

/** `intake -> billing | technical | retention | human`; specialists reach each other, intake and the desk. */
export const stages: readonly PipelineStage[] = [
  {
    phase: 'intake',
    agentId: 'triage',
    next: [...specialists, 'human'],
    description: 'Who is calling, and why',
  },
  specialist('billing', 'Invoices, payments and credits'),
  specialist('technical', 'Outages, line, modem and visits'),
  specialist('retention', 'Plans, offers and leaving'),
  {
    phase: 'human',
    agentId: 'human',
    next: ['intake', ...specialists],
    description: 'A colleague at the desk',
    contract: contracts.human,
  },
]
