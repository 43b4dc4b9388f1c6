import type { Disposer } from '@parley/spec'
import type { FrameworkEvent, FrameworkEventType } from '../core/framework-events.ts'
import type { KitParts } from '../core/kit-parts.ts'
import type { AsyncHook, HookFor, HookOptions } from '../hooks/hook-engine.ts'
import type { HookTrigger } from '../hooks/hook-map.ts'

/** The host's own code in a kit's work. */
export interface HooksApi {
  /** Adds a hook at a trigger. Sync triggers may allow, block or modify. */
  hook<T extends HookTrigger>(trigger: T, hook: HookFor<T>, options?: HookOptions): Disposer
  /** Watches a trigger: outside the lock, after the commit, with the outcome. */
  observe<T extends HookTrigger>(trigger: T, hook: AsyncHook<T>, options?: HookOptions): Disposer
  /** Listens to an event of the framework itself. */
  on(type: FrameworkEventType, listener: (event: FrameworkEvent) => void): Disposer
}

/** What a kit does with hooks. */
export function createHooksApi({ hooks, framework }: KitParts): HooksApi {
  return {
    hook: (trigger, hook, options) => hooks.add(trigger, hook, options),
    observe: (trigger, hook, options) => hooks.observe(trigger, hook, options),
    on: (type, listener) => framework.on(type, listener),
  }
}
