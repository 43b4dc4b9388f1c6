/**
 * The answer to Twilio's question what to do with a call: connect its sound to a WebSocket.
 * @param url - `wss://` address; what stands in its query does not arrive, so give `params`
 * @param params - come back with the call's start
 */
export function twimlConnect(url: string, params: Readonly<Record<string, string>> = {}): string {
  const parameters = Object.entries(params)
    .map(([name, value]) => `<Parameter name="${escapeXml(name)}" value="${escapeXml(value)}"/>`)
    .join('')
  return `<?xml version="1.0" encoding="UTF-8"?><Response><Connect><Stream url="${escapeXml(url)}">${parameters}</Stream></Connect></Response>`
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
}

function escapeXml(text: string): string {
  // Control characters have no place in XML 1.0, escaped or not; white space becomes a plain space, as a reader of XML would make it.
  return text
    .replaceAll(/\p{Cc}/gu, (sign) => (/\s/.test(sign) ? ' ' : ''))
    .replaceAll(/[&<>"']/g, (sign) => entities[sign] ?? sign)
}
