import { z } from 'zod'

const draftSchema = z.object({ reply: z.string(), note: z.string() })
const nameKey = 'parley.desk.name'
const seatedKey = 'parley.desk.seated'
const draftKey = (roomId: string): string => `parley.desk.draft.${roomId}`

/** What is being written in a room, in each tab. */
export type DeskDraft = z.infer<typeof draftSchema>

/** The name last used at this machine. */
export function readDeskName(): string {
  return localStorage.getItem(nameKey) ?? ''
}

/** Whether somebody sits at the desk in this tab. The key itself is never kept. */
export function isSeated(): boolean {
  return sessionStorage.getItem(seatedKey) === 'yes'
}

/** Remembers who sat down, or that nobody does. */
export function keepSeat(name: string | undefined): void {
  if (name === undefined) return sessionStorage.removeItem(seatedKey)
  localStorage.setItem(nameKey, name)
  sessionStorage.setItem(seatedKey, 'yes')
}

/** What was being written in a room. */
export function readDeskDraft(roomId: string): DeskDraft {
  const empty: DeskDraft = { reply: '', note: '' }
  const stored = sessionStorage.getItem(draftKey(roomId))
  if (stored === null) return empty
  try {
    return draftSchema.parse(JSON.parse(stored))
  } catch {
    return empty // written by something else: it counts as absent
  }
}

/** Remembers it until it is sent. */
export function keepDeskDraft(roomId: string, draft: DeskDraft): void {
  if (draft.reply === '' && draft.note === '') sessionStorage.removeItem(draftKey(roomId))
  else sessionStorage.setItem(draftKey(roomId), JSON.stringify(draft))
}
