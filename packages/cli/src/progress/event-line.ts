import { plainText } from '../plain-text.ts'
import { showDuration, showMoney } from './show-money.ts'
import type { Json, RunEvent } from '@parley/spec'

/** A line about an event of a run: what it was, and what is to be said of it. */
export interface EventLine {
  word: string
  tone: 'good' | 'bad' | 'plain' | 'soft'
  text: string
}

/** What an event of a run says to people; nothing for those that are of no use to them. Items of a foreach are left out. */
export function eventLine({ type, step = '', stepKey, attempt, data }: RunEvent): EventLine | undefined {
  if (stepKey?.includes('#') === true) return undefined
  switch (type) {
    case 'step_started':
      return {
        word: 'started',
        tone: 'soft',
        text: attempt === undefined || attempt === 1 ? step : `${step}  attempt ${attempt}`,
      }
    case 'step_completed':
      return { word: 'completed', tone: 'good', text: [step, ...figures(data)].join('  ') }
    case 'step_failed':
      return {
        word: data['final'] === true ? 'failed' : 'attempt',
        tone: data['final'] === true ? 'bad' : 'plain',
        text: `${step}  ${failureText(data)}`,
      }
    case 'step_retry':
      return { word: 'retry', tone: 'plain', text: `${step}  in ${showDuration(numberOf(data['delay_ms']) ?? 0)}` }
    case 'step_skipped':
      return {
        word: 'skipped',
        tone: 'soft',
        text: `${step}  ${[data['kind'], data['because']].filter((part) => typeof part === 'string').join(' ')}`.trim(),
      }
    case 'validation_fail':
      return { word: 'invalid', tone: 'plain', text: `${step}  ${faultText(data)}` }
    case 'wait_created':
      return { word: 'waiting', tone: 'plain', text: `${step}  ${textOf(data['kind'])}` }
    case 'budget_warning':
      return { word: 'budget', tone: 'plain', text: 'a cap is nearly reached' }
    case 'budget_downgraded':
      return { word: 'budget', tone: 'plain', text: `${step}  goes on with a cheaper model`.trim() }
    case 'run_paused':
      return { word: 'paused', tone: 'plain', text: textOf(data['reason']) }
    case 'run_resumed':
      return { word: 'resumed', tone: 'soft', text: '' }
    default:
      return undefined
  }
}

function figures(data: { [key: string]: Json }): string[] {
  const cost = numberOf(data['cost_nano_usd'])
  const latency = numberOf(data['latency_ms'])
  return [
    ...(typeof data['model_id'] === 'string' ? [data['model_id']] : []),
    ...(latency === undefined ? [] : [showDuration(latency)]),
    ...(cost === undefined || cost === 0 ? [] : [showMoney(cost)]),
  ]
}

/** What a failed step says of why, in one line; nothing where it does not. */
export function failureText(data: { [key: string]: Json }): string {
  const error = data['error']
  const message = typeof error === 'object' && error !== null && !Array.isArray(error) ? error['message'] : undefined
  return textOf(message)
}

function faultText(data: { [key: string]: Json }): string {
  const faults = Array.isArray(data['errors']) ? data['errors'] : []
  return faults
    .slice(0, 3)
    .map((fault) => (typeof fault === 'object' && fault !== null && !Array.isArray(fault) ? fault : {}))
    .map((fault) => `${textOf(fault['path'])}: ${textOf(fault['message'])}`)
    .join('; ')
}

function textOf(value: Json | undefined): string {
  return typeof value === 'string' ? plainText(value) : ''
}

function numberOf(value: Json | undefined): number | undefined {
  return typeof value === 'number' ? value : undefined
}
