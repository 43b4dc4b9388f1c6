import { useState } from 'react'
import { keepChoices, readChoices, type CallChoices } from './call-storage.ts'

/** The choices of this browser, and how one of them is changed. */
export function useChoices(): [CallChoices, (changes: Partial<CallChoices>) => void] {
  const [choices, setChoices] = useState(readChoices)
  return [
    choices,
    (changes) => {
      const next = { ...choices, ...changes }
      keepChoices(next)
      setChoices(next)
    },
  ]
}
