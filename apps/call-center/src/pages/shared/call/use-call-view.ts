import { useSyncExternalStore } from 'react'
import type { CallStore } from './call-store.ts'
import type { CallView } from './call-view.ts'

/** How a call goes; undefined where there is none. */
export function useCallView(store: CallStore | undefined): CallView | undefined {
  return useSyncExternalStore(
    (listener) => store?.subscribe(listener) ?? (() => {}),
    () => store?.view,
  )
}
