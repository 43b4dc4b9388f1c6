import { ParleyError } from '@parley/spec'
import { resolveOptions } from '../resolve-options.ts'
import { defaultToneOptions, type ToneOptions } from './dtmf-options.ts'

/** One step of sending digits. */
export type ToneStep = { type: 'tone'; digit: string; durationMs: number } | { type: 'silence'; durationMs: number }

/**
 * What sending `digits` sounds like: a tone and a gap for each, a pause for each `w`.
 * @throws {ParleyError} `invalid_options` for a character that is neither a key nor `w`
 */
export function tonesFor(digits: string, given?: Partial<ToneOptions>): ToneStep[] {
  const { toneMs, gapMs, waitMs } = resolveOptions('tonesFor', defaultToneOptions, given)
  const steps: ToneStep[] = []
  for (const key of digits.toUpperCase()) {
    if (key === 'W') steps.push({ type: 'silence', durationMs: waitMs })
    else if (/[0-9*#A-D]/.test(key)) {
      steps.push({ type: 'tone', digit: key, durationMs: toneMs }, { type: 'silence', durationMs: gapMs })
    } else {
      throw new ParleyError({
        code: 'invalid_options',
        message: 'Digits to send may have 0-9, *, #, A-D and w (a pause) only.',
        details: { path: 'digits', expected: '0-9*#A-Dw' },
      })
    }
  }
  return steps
}
