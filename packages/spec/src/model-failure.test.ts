import { expect, test } from 'vitest'
import { modelFailure } from './model-failure.ts'

test('PO-5 the error names the model and what was reported, in words of ours; the vendor is in its cause', () => {
  const cause = new Error('key sk-live-123456 is not valid')
  const error = modelFailure({
    modelId: 'test/m',
    code: 'model_rate_limited',
    reported: '429',
    details: { retryAfterMs: 5 },
    cause,
  })
  expect(error).toMatchObject({ code: 'model_rate_limited', retryable: true, cause })
  expect(error.message).toBe('The model "test/m" did not answer (429): too many requests. Wait, then try again.')
  expect(error.details).toEqual({ model: 'test/m', retryAfterMs: 5 })
  expect(JSON.stringify(error)).not.toContain('sk-live')
})

test('PO-5 without a report there are no brackets', () => {
  const { message } = modelFailure({ modelId: 'test/m', code: 'model_stream_broken', cause: undefined })
  expect(message).toBe('The model "test/m" did not answer: the answer broke off or could not be read. Ask again.')
})
