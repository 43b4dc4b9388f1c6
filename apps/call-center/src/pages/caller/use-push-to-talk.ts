import { useEffect } from 'react'
import type { CallStore } from '../shared/call/call-store.ts'
import { areShortcutsOn, usesKey } from '../shared/use-shortcuts.ts'

/** Opens the microphone while the space bar is held. */
export function usePushToTalk(store: CallStore | undefined, isOn: boolean): void {
  useEffect(() => {
    if (store === undefined || !isOn) return undefined
    let isDown = false
    store.setMuted(true)
    const set = (next: boolean): void => {
      if (next === isDown) return
      isDown = next
      if (next) store.setMuted(false)
      store.call?.talk(next)
      if (!next) store.setMuted(true)
    }
    const onDown = (event: KeyboardEvent): void => {
      if (event.key !== ' ' || event.repeat || !areShortcutsOn() || usesKey(event.target, event.key)) return
      event.preventDefault()
      set(true)
    }
    const onUp = (event: KeyboardEvent): void => {
      if (event.key === ' ') set(false)
    }
    const onLeave = (): void => set(false)
    window.addEventListener('keydown', onDown)
    window.addEventListener('keyup', onUp)
    window.addEventListener('blur', onLeave)
    return () => {
      window.removeEventListener('keydown', onDown)
      window.removeEventListener('keyup', onUp)
      window.removeEventListener('blur', onLeave)
    }
  }, [store, isOn])
}
