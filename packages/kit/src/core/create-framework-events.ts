import * as mittModule from 'mitt'
import type { FrameworkEvent, FrameworkEvents, FrameworkEventType } from './framework-events.ts'

// Under nodenext mitt's typings are read as CommonJS, so the namespace's `default` is taken for the module; at run time
// it is the function those typings describe.
const mitt = mittModule.default as unknown as typeof mittModule.default.default

/**
 * Makes the emitter of framework events. A listener that throws stops no other one.
 * @param onListenerError - gets what a listener threw
 */
export function createFrameworkEvents(
  onListenerError: (thrown: unknown, event: FrameworkEvent) => void,
): FrameworkEvents {
  const emitter = mitt<Record<FrameworkEventType, FrameworkEvent>>()
  return {
    on(type, listener) {
      const guarded = (event: FrameworkEvent): void => {
        try {
          listener(event)
        } catch (thrown) {
          onListenerError(thrown, event)
        }
      }
      emitter.on(type, guarded)
      return () => {
        emitter.off(type, guarded)
        if (emitter.all.get(type)?.length === 0) emitter.all.delete(type)
      }
    },
    emit: (event) => emitter.emit(event.type, event),
    has: (type) => emitter.all.has(type),
    clear: () => emitter.all.clear(),
  }
}
