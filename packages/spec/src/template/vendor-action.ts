import type { ChatModel } from '../chat-model.ts'
import type { Clock } from '../world.ts'
import { checkBaseUrl } from './check-base-url.ts'
import { requireCredential, type CredentialSource } from './credential-source.ts'
import { cutCauses } from './cut-causes.ts'
import { createTemplateAction, type TemplateAction } from './template-action.ts'
import type { TemplateActionOptions } from './template-action-options.ts'

/** What an action that asks one vendor may be given. There is no place for a key: see `credentials`. */
export interface VendorActionOptions extends TemplateActionOptions {
  /** Address of the API, https. @default the vendor's own */
  baseUrl?: string
  /** Whether `baseUrl` may be http on this machine. @default false */
  allowLocalhost?: boolean
  fetch?: typeof globalThis.fetch
  /** Asked for the vendor's key at each call. @default the environment */
  credentials?: CredentialSource
}

/** What the model of one call is opened with. */
export interface VendorCall {
  model: string
  apiKey: string
  /** Absent: the vendor's own. */
  baseUrl: string | undefined
  fetch: typeof globalThis.fetch | undefined
  /** The timeout of the action, ms, and its clock, as options of a model have them. */
  limits: { openMs: number; idleMs: number; clock?: Clock }
}

/** How an action that asks one vendor is made. */
export interface VendorActionParts {
  /** Name of the function that makes it, for error texts. */
  what: string
  template: string
  options: VendorActionOptions
  /** Name of the vendor's key, such as `OPENAI_API_KEY`. */
  keyVariable: string
  defaultModel: string
  open: (call: VendorCall) => ChatModel | Promise<ChatModel>
}

/**
 * Makes an action that asks one vendor: with a key had at each call, at an address that was checked, and with errors that
 * carry nothing of what the vendor's client threw.
 * @throws {ParleyError} `invalid_options`, `schema_unsupported`; at a call `model_unauthorized` without a key
 */
export function createVendorAction({
  what,
  template,
  options,
  keyVariable,
  defaultModel,
  open,
}: VendorActionParts): TemplateAction {
  const action = createTemplateAction({
    what,
    template,
    options,
    ownOptions: ['baseUrl', 'allowLocalhost', 'fetch', 'credentials'],
    isCounted: true,
    async open(_context, { model = defaultModel, timeoutMs, signal }) {
      const apiKey = await requireCredential(what, keyVariable, { source: credentials, signal })
      // The timeout of the action says how long it may take.
      const limits = { openMs: timeoutMs, idleMs: timeoutMs, ...(clock === undefined ? {} : { clock }) }
      return cutCauses(await open({ model, apiKey, baseUrl, fetch, limits }))
    },
  })
  // Taken once the options are known to be an object, and kept, so that what is checked stays what is used.
  const { baseUrl, allowLocalhost, fetch, credentials, clock } = options
  if (baseUrl !== undefined) checkBaseUrl(what, baseUrl, { allowLocalhost })
  return action
}
