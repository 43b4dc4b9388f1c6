import type { Client, CoachMode } from '@parley/client'
import type { ConversationStateJson } from '@parley/spec'
import { useState } from 'react'
import { errorText } from './desk-errors.ts'

/** Tells the agent something the caller does not see; it acts in the agent's next answer. */
export function CoachControls({
  client,
  roomId,
  me,
  name,
  agent,
  state,
  onProblem,
}: {
  client: Client
  roomId: string
  me: string
  name: string
  agent: string
  state: ConversationStateJson | undefined
  onProblem: (text: string) => void
}) {
  const [text, setText] = useState<string>()
  const [isSending, setSending] = useState(false)
  // Where the conversation has ended there is no agent to be told anything.
  if (state?.mode !== 'agent' || state.activeAgentId === null) return null
  const set = (mode: CoachMode) => client.desk.coach(roomId, mode, { participantId: me })
  const whisper = async (): Promise<void> => {
    if (text === undefined || text.trim() === '') return
    setSending(true)
    onProblem('')
    try {
      await client.rooms.addMember(roomId, { participantId: me, displayName: name })
      await set('whisperAgent')
      await client.rooms.send(roomId, { text: text.trim(), participantId: me })
      await set('off')
      setText(undefined)
    } catch (thrown) {
      onProblem(errorText(thrown))
    }
    setSending(false)
  }
  return (
    <>
      <button
        type="button"
        className="button"
        aria-expanded={text !== undefined}
        onClick={() => setText(text === undefined ? '' : undefined)}
      >
        Coach {agent}
      </button>
      {text !== undefined && (
        <form
          className="flex w-full flex-wrap items-end gap-2"
          onSubmit={(event) => {
            event.preventDefault()
            void whisper()
          }}
        >
          <label className="block min-w-60 flex-1">
            <span className="block text-muted">
              {agent} reads it before the next answer; the caller does not see it
            </span>
            <input
              autoFocus
              className="field mt-1"
              maxLength={1_000}
              value={text}
              onChange={({ target }) => setText(target.value)}
            />
          </label>
          <button type="submit" className="button button-primary" disabled={isSending || text.trim() === ''}>
            Whisper
          </button>
        </form>
      )}
    </>
  )
}
