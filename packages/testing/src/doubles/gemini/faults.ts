import type { HttpFault } from '../http/http-fault.ts'

/** What a double of Gemini does wrong, once. `code` is a status of the vendor, such as `RESOURCE_EXHAUSTED`, or a reason. */
export type GeminiFault = HttpFault
