import { ParleyError, type ErrorCode } from '@parley/spec'
import type { TwilioSettings } from './twilio-options.ts'

/** A call in Twilio's books. */
export interface TwilioCallName {
  accountSid: string
  callSid: string
}

/** What Twilio is asked over HTTP. */
export interface TwilioRest {
  /** Ends a call; one that has ended already is fine. */
  hangup(call: TwilioCallName, signal?: AbortSignal): Promise<void>
  /** Gives a running call other instructions: a TwiML document. */
  redirect(call: TwilioCallName, twiml: string, signal?: AbortSignal): Promise<void>
}

/** Says of a call that has ended: 404 by most, 400 with this code by some. */
const notInProgress = 21220
const sid = /^[A-Za-z0-9]{2,64}$/

export function createTwilioRest({ apiBase, authToken, fetch }: TwilioSettings): TwilioRest {
  const update = async (
    { accountSid, callSid }: TwilioCallName,
    fields: Record<string, string>,
    signal?: AbortSignal,
  ): Promise<'done' | 'over'> => {
    if (!sid.test(accountSid) || !sid.test(callSid))
      throw failure('vendor_invalid_request', callSid, 'its name is none of Twilio')
    let response: Response
    try {
      response = await fetch(`${apiBase}/2010-04-01/Accounts/${accountSid}/Calls/${callSid}.json`, {
        method: 'POST',
        headers: {
          authorization: `Basic ${Buffer.from(`${accountSid}:${authToken}`).toString('base64')}`,
          'content-type': 'application/x-www-form-urlencoded',
        },
        body: new URLSearchParams(fields).toString(),
        redirect: 'error',
        ...(signal === undefined ? {} : { signal }),
      })
    } catch (error) {
      throw failure('vendor_unavailable', callSid, 'Twilio could not be reached', error)
    }
    const { status } = response
    if (response.ok) {
      await response.body?.cancel()
      return 'done'
    }
    if (status === 404) {
      await response.body?.cancel()
      return 'over'
    }
    if (status === 400 && (await codeOf(response)) === notInProgress) return 'over'
    throw failure(codeFor(status), callSid, `Twilio answered with status ${status}`)
  }
  return {
    async hangup(call, signal) {
      await update(call, { Status: 'completed' }, signal)
    },
    async redirect(call, twiml, signal) {
      if ((await update(call, { Twiml: twiml }, signal)) === 'over') {
        throw new ParleyError({
          code: 'voice_call_ended',
          message: `Call ${call.callSid} cannot be led elsewhere: it is over.`,
          details: { callSid: call.callSid },
        })
      }
    },
  }
}

function codeFor(status: number): ErrorCode {
  if (status === 401 || status === 403) return 'vendor_auth'
  if (status === 429) return 'vendor_rate_limited'
  return status >= 500 ? 'vendor_unavailable' : 'vendor_invalid_request'
}

async function codeOf(response: Response): Promise<number | undefined> {
  try {
    const body: unknown = await response.json()
    return typeof body === 'object' && body !== null && 'code' in body ? Number(body.code) : undefined
  } catch {
    return undefined // An error page in place of JSON says no code.
  }
}

function failure(code: ErrorCode, callSid: string, reason: string, cause?: unknown): ParleyError {
  const message = `Call ${callSid} could not be changed: ${reason}.`
  return new ParleyError({ code, message, details: { callSid }, cause })
}
