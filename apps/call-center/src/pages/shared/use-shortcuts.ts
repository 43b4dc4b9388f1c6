import { useEffect, useRef } from 'react'

/** What a key does, by the key as the browser names it; a letter that needs the shift key as `Shift+H`. */
export type Shortcuts = Readonly<Record<string, () => void>>

const storageKey = 'parley.shortcuts'

/** Whether single keys act in this browser. */
export function areShortcutsOn(): boolean {
  return localStorage.getItem(storageKey) !== 'off'
}

/** Switches single keys on or off. */
export function setShortcutsOn(isOn: boolean): void {
  localStorage.setItem(storageKey, isOn ? 'on' : 'off')
}

/** Lets single keys act, outside of text fields and of controls that use the key themselves. `Escape` acts everywhere. */
export function useShortcuts(shortcuts: Shortcuts): void {
  const current = useRef(shortcuts)
  current.current = shortcuts
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return
      const isEscape = event.key === 'Escape'
      if (!isEscape && (!areShortcutsOn() || usesKey(event.target, event.key))) return
      const act = current.current[nameOf(event)]
      if (act === undefined) return
      if (!isEscape) event.preventDefault()
      act()
    }
    window.addEventListener('keydown', onKey)
    return () => window.removeEventListener('keydown', onKey)
  }, [])
}

function nameOf({ key, shiftKey }: KeyboardEvent): string {
  if (!/^[a-z]$/i.test(key)) return key
  return shiftKey ? `Shift+${key.toUpperCase()}` : key.toLowerCase()
}

/** Whether a control uses the key itself. */
export function usesKey(target: EventTarget | null, key: string): boolean {
  if (!(target instanceof HTMLElement)) return false
  if (target.isContentEditable || ['INPUT', 'TEXTAREA', 'SELECT'].includes(target.tagName)) return true
  return (key === 'Enter' || key === ' ') && ['BUTTON', 'A', 'SUMMARY'].includes(target.tagName)
}
