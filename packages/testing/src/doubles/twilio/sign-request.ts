/**
 * Twilio's signature of a request: base64 of the HMAC-SHA1 of the address followed by names and values of the form, sorted
 * by name. Written from the vendor's description alone, on the platform's own cryptography.
 */
export async function signTwilioRequest(
  authToken: string,
  url: string,
  params: Readonly<Record<string, string>> = {},
): Promise<string> {
  let text = url
  for (const name of Object.keys(params).sort()) text += name + (params[name] ?? '')
  const encoder = new TextEncoder()
  const algorithm = { name: 'HMAC', hash: 'SHA-1' }
  const key = await crypto.subtle.importKey('raw', encoder.encode(authToken), algorithm, false, ['sign'])
  const bytes = new Uint8Array(await crypto.subtle.sign('HMAC', key, encoder.encode(text)))
  return btoa(String.fromCharCode(...bytes))
}
