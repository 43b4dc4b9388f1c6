import type { ViewEvent } from './view-event.ts'

/** A comment that keeps a silent stream open. */
export const ssePing = ': ping\n\n'

/**
 * One event as server-sent events carry it: `id`, `event` and one line of JSON.
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html
 */
export function encodeSse({ id, event, data }: ViewEvent): string {
  // A name is ours, but a line break in one would end the field and begin another.
  const name = event.replace(/[\r\n]+/g, ' ')
  return `${id === undefined ? '' : `id: ${id}\n`}event: ${name}\ndata: ${JSON.stringify(data)}\n\n`
}
