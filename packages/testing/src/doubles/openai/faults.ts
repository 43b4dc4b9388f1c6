import type { HttpFault } from '../http/http-fault.ts'

/** What a double of OpenAI does wrong, once. `code` is one of the vendor's, such as `insufficient_quota`. */
export type OpenAiFault = HttpFault
