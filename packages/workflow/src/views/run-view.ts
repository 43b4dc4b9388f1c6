import { assertNever, type RunEvent } from '@parley/spec'
import { nativeView } from './native-view.ts'
import { nodesView } from './nodes-view.ts'
import { toPublicEvent } from './public-event.ts'
import { stepsView } from './steps-view.ts'
import { toWireData } from './wire-data.ts'
import type { ViewEvent } from './view-event.ts'

/** How a stream of a run is shown. */
export type RunView = 'native' | 'steps' | 'nodes'

/** All views. */
export const runViews: readonly RunView[] = ['native', 'steps', 'nodes']

/** Options of `viewRunEvent`. */
export interface RunViewOptions {
  /** @default 'native' */
  view?: RunView
  /** Operators see inputs of nodes, usage, the text of errors and reasons of restarts. @default 'public' */
  audience?: 'operator' | 'public'
}

/**
 * One event of a run as a client of this view gets it: none, one or several. Depends on nothing but the event, so a
 * stream may begin anywhere.
 */
export function viewRunEvent(
  event: RunEvent,
  { view = 'native', audience = 'public' }: RunViewOptions = {},
): ViewEvent[] {
  const wire = { ...event, data: toWireData(event.data) }
  const seen = audience === 'public' ? toPublicEvent(wire) : wire
  switch (view) {
    case 'native':
      return nativeView(seen)
    case 'steps':
      return stepsView(seen)
    case 'nodes':
      return nodesView(seen)
    default:
      return assertNever(view)
  }
}
