import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import type { CallCenterRooms } from './rooms/call-center-rooms.ts'

/** Largest recording that is given out in one piece: an hour of two channels at 16 kHz, and some. */
const mostBytes = 300_000_000
const solvedSchema = z.strictObject({ solved: z.boolean() })

/** The recording of a room's last call, as a WAV file; 204 while there is none. */
export async function showRecording(
  roomId: string,
  { rooms, recordings }: { rooms: CallCenterRooms; recordings?: string },
): Promise<Response> {
  const none = new Response(null, { status: 204 })
  if (recordings === undefined) return none
  const [kept] = await rooms.events(roomId, { types: ['recordingStopped'], newestFirst: true, limit: 1 })
  const data = kept?.content.type === 'system' ? kept.content.data : undefined
  const parsed = z.object({ where: z.string().regex(/^[A-Za-z0-9_-][A-Za-z0-9._-]*$/) }).safeParse(data)
  if (!parsed.success) return none
  try {
    const bytes = await readFile(join(recordings, parsed.data.where))
    if (bytes.length > mostBytes) return none
    return new Response(bytes, {
      headers: {
        'content-type': 'audio/wav',
        'content-disposition': 'attachment; filename="harbor-internet.wav"',
        'cache-control': 'no-store',
      },
    })
  } catch (error) {
    // Somebody removed it from the folder.
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return none
    throw error
  }
}

/** Keeps whether the caller was helped. False when the answer cannot be read. */
export async function keepSolved(body: unknown, roomId: string, rooms: CallCenterRooms): Promise<boolean> {
  const parsed = solvedSchema.safeParse(body)
  if (!parsed.success) return false
  await rooms.patchRoom(roomId, { metadata: { set: { solved: parsed.data.solved } } })
  return true
}
