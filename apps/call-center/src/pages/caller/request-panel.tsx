import type { Client } from '@parley/client'
import type { Json, PendingRequest } from '@parley/spec'
import { useState } from 'react'
import { SecretField } from './secret-field.tsx'

/** What an agent waits for: a secret in a masked field, a yes or no by button. Other values are simply typed. */
export function RequestPanel({ request, client, asker }: { request: PendingRequest; client: Client; asker: string }) {
  const [isSending, setSending] = useState(false)
  const [error, setError] = useState('')
  const { id, kind, prompt, sensitive } = request
  const answer = async (decision: 'approve' | 'reject' | 'answer', value?: Json): Promise<boolean> => {
    setSending(true)
    setError('')
    try {
      await client.requests.answer(id, { decision, ...(value === undefined ? {} : { value }) })
      return true
    } catch (thrown) {
      setError(thrown instanceof Error ? thrown.message : 'The answer was not taken. Try again.')
      return false
    } finally {
      setSending(false)
    }
  }
  if (kind === 'input' && !sensitive) return null
  return (
    <section
      aria-label={`${asker} asks`}
      data-request={kind}
      data-sensitive={sensitive}
      className="rounded-md border border-accent bg-sunken p-4"
    >
      {kind === 'input' ? (
        <SecretField
          prompt={prompt ?? `${asker} asks for a secret.`}
          maxDigits={digitsOf(request)}
          isSending={isSending}
          error={error}
          onSubmit={(value) => answer('answer', value)}
        />
      ) : (
        <div className="flex flex-wrap items-center gap-x-4 gap-y-3">
          <p className="mr-auto max-w-[60ch]">{prompt ?? `${asker} needs your yes to go on.`}</p>
          <div className="flex gap-3">
            <button
              type="button"
              className="button button-primary button-tall"
              disabled={isSending}
              onClick={() => void answer('approve')}
            >
              Yes
            </button>
            <button
              type="button"
              className="button button-tall"
              disabled={isSending}
              onClick={() => void answer('reject')}
            >
              No
            </button>
          </div>
          {error !== '' && (
            <p role="alert" className="w-full text-sm text-bad">
              {error}
            </p>
          )}
        </div>
      )}
    </section>
  )
}

/** The number of digits a pattern such as `^\d{4}$` asks for, if it says so. */
export function digitsOf({ schema }: Pick<PendingRequest, 'schema'>): number | undefined {
  const pattern = typeof schema === 'object' && schema !== null && 'pattern' in schema ? schema['pattern'] : undefined
  const digits = typeof pattern === 'string' ? /^\^\\d\{(\d{1,2})\}\$$/.exec(pattern)?.[1] : undefined
  return digits === undefined ? undefined : Number(digits)
}
