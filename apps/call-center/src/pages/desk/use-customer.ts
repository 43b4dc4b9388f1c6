import type { ConversationStateJson } from '@parley/spec'
import { useEffect, useState } from 'react'
import { fetchCustomer } from '../shared/demo-api.ts'
import { parseCustomer, type Customer } from './customer.ts'

/** The customer of a conversation, read again when the log grew; undefined until the caller is verified. */
export function useCustomer(
  state: ConversationStateJson | undefined,
  token: string | undefined,
  version: number,
): Customer | undefined {
  const [customer, setCustomer] = useState<Customer>()
  const stored = state?.context['accountId']
  const accountId = typeof stored === 'string' ? stored : undefined
  useEffect(() => {
    if (accountId === undefined) return undefined
    let isLeft = false
    const read = setTimeout(() => {
      fetchCustomer(accountId, token)
        .then((value) => {
          if (!isLeft) setCustomer(parseCustomer(value))
        })
        // The card stays as it was; it is read again with the next event.
        .catch(() => undefined)
    }, 150)
    return () => {
      isLeft = true
      clearTimeout(read)
    }
  }, [accountId, token, version])
  return customer
}
