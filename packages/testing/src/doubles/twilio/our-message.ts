import { z } from 'zod'

const media = z.strictObject({
  event: z.literal('media'),
  streamSid: z.string(),
  media: z.strictObject({ payload: z.base64() }),
})
const mark = z.strictObject({
  event: z.literal('mark'),
  streamSid: z.string(),
  mark: z.strictObject({ name: z.string().min(1) }),
})
const clear = z.strictObject({ event: z.literal('clear'), streamSid: z.string() })

/** What may be sent to Twilio, strictly. */
export const ourMessageSchema = z.discriminatedUnion('event', [media, mark, clear])

/** A message that was sent to the double. */
export type OurMessage = z.output<typeof ourMessageSchema>
