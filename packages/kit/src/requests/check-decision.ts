import { ParleyError, type AnswerResult, type PendingRequest, type RequestDecision } from '@parley/spec'

/** How a request ends by each decision. */
export const statusOf = { approve: 'approved', reject: 'rejected', answer: 'answered' } as const

/** The answer to a decision that came too late. */
export function decidedAlready(request: PendingRequest): AnswerResult {
  if (request.status === 'expired' || request.status === 'cancelled') return { outcome: request.status }
  return { outcome: 'already_decided', by: request.decidedBy }
}

/** Which answers fit which request, and who may give them. */
export function checkDecision(request: PendingRequest, { decision, by }: RequestDecision): void {
  const fits = request.kind === 'input' ? decision === 'answer' || decision === 'reject' : decision !== 'answer'
  if (!fits) throw badDecision('decision', request.kind === 'input' ? 'answer' : 'approve or reject')
  if (request.kind !== 'approval') return
  if (by.kind === 'agent') throw badDecision('by', 'a colleague; an agent cannot approve')
  if (by.kind === 'person' && by.id === request.participantId)
    throw badDecision('by', 'a colleague; nobody approves their own request')
}

function badDecision(path: string, expected: string): ParleyError {
  return new ParleyError({
    code: 'invalid_options',
    message: `The answer does not fit the request: ${path} must be ${expected}.`,
    details: { path, expected },
  })
}
