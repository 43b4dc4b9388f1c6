import type { Client } from '@parley/client'
import { createSystemIds } from '@parley/spec'
import { useEffect, useImperativeHandle, useRef, useState, type KeyboardEvent, type Ref } from 'react'
import { CannedList } from './canned-list.tsx'
import { keepDeskDraft, readDeskDraft } from './desk-storage.ts'
import { errorText } from './desk-errors.ts'
import { fillReply, openPlaceholders } from './fill-reply.ts'

/** What keys may do with the field. */
export interface DeskComposerHandle {
  show(what: 'reply' | 'note' | 'canned'): void
}

const ids = createSystemIds()

/** Replies to the caller and notes for the team, in two tabs; `/` opens replies that are ready. */
export function DeskComposer({
  ref,
  client,
  roomId,
  me,
  name,
  canReply,
  isInCall,
  values,
  onTyping,
}: {
  ref: Ref<DeskComposerHandle>
  client: Client
  roomId: string
  me: string
  name: string
  canReply: boolean
  /** What is written can be spoken to the caller. */
  isInCall: boolean
  values: Readonly<Record<string, string>>
  onTyping: (isTyping: boolean) => void
}) {
  const [tab, setTab] = useState<'reply' | 'note'>('reply')
  const [text, setText] = useState(() => readDeskDraft(roomId))
  const [isCannedOpen, setCannedOpen] = useState(false)
  const [problem, setProblem] = useState('')
  const [isSending, setSending] = useState(false)
  // The same message sent again carries the same key, so it is committed once.
  const key = useRef('')
  const field = useRef<HTMLTextAreaElement>(null)
  const current = text[tab]
  const open = tab === 'reply' ? openPlaceholders(current) : []
  const isClosed = tab === 'reply' && !canReply
  const canSend = current.trim() !== '' && open.length === 0 && !isSending && !isClosed

  useImperativeHandle(ref, () => ({
    show(what) {
      setTab(what === 'note' ? 'note' : 'reply')
      setCannedOpen(what === 'canned')
      if (what !== 'canned') field.current?.focus()
    },
  }))
  useEffect(() => keepDeskDraft(roomId, text), [roomId, text])
  const write = (next: string): void => {
    key.current = ''
    setText((drafts) => ({ ...drafts, [tab]: next }))
    onTyping(tab === 'reply' && next !== '')
  }
  const send = async (isSaid = false): Promise<void> => {
    if (!canSend) return
    setSending(true)
    setProblem('')
    const sentKey = (key.current ||= ids.next('send'))
    try {
      if (tab === 'note') {
        await client.rooms.addMember(roomId, { participantId: me, displayName: name })
        await client.desk.note(roomId, current.trim(), { participantId: me })
      } else
        await client.rooms.send(roomId, {
          text: current.trim(),
          participantId: me,
          idempotencyKey: sentKey,
          ...(isSaid ? { metadata: { say: true } } : {}),
        })
      if (key.current === sentKey) {
        key.current = ''
        onTyping(false)
      }
      // What was written meanwhile is the next message.
      setText((drafts) => (drafts[tab] === current ? { ...drafts, [tab]: '' } : drafts))
    } catch (thrown) {
      setProblem(errorText(thrown))
    }
    setSending(false)
    field.current?.focus()
  }
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === '/' && current === '' && tab === 'reply') {
      event.preventDefault()
      setCannedOpen(true)
    }
    if (event.key === 'Enter' && !event.shiftKey && !event.nativeEvent.isComposing) {
      event.preventDefault()
      void send()
    }
  }
  const onTabKey = ({ key: pressed, currentTarget }: KeyboardEvent<HTMLDivElement>): void => {
    if (pressed !== 'ArrowLeft' && pressed !== 'ArrowRight') return
    const other = tab === 'reply' ? 'note' : 'reply'
    setTab(other)
    currentTarget.querySelector<HTMLElement>(`#tab-${other}`)?.focus()
  }
  const insert = (reply: string): void => {
    setCannedOpen(false)
    write(fillReply(reply, values))
    field.current?.focus()
  }
  return (
    <div>
      {isCannedOpen && !isClosed && (
        <CannedList values={values} onChoose={insert} onClose={() => setCannedOpen(false)} />
      )}
      <div role="tablist" aria-label="What to write" className="flex gap-1" onKeyDown={onTabKey}>
        {(['reply', 'note'] as const).map((name) => (
          <button
            key={name}
            type="button"
            role="tab"
            id={`tab-${name}`}
            aria-selected={tab === name}
            aria-controls="composer"
            className={`min-h-8 rounded-t-md border-b-2 px-3 ${tab === name ? 'border-accent font-medium' : 'border-transparent text-muted'}`}
            onClick={() => setTab(name)}
          >
            {name === 'reply' ? 'Reply' : 'Note'}
          </button>
        ))}
      </div>
      <div
        id="composer"
        role="tabpanel"
        aria-labelledby={`tab-${tab}`}
        className={`rounded-md p-2 ${tab === 'note' ? 'bg-note' : 'bg-sunken'}`}
      >
        {tab === 'note' && <p className="label px-1 pb-1">Only your team sees this</p>}
        {isClosed ? (
          <p className="px-1 text-muted">Take the conversation over to reply.</p>
        ) : (
          <div className="flex items-end gap-2">
            <textarea
              ref={field}
              rows={2}
              aria-label={tab === 'reply' ? 'Reply' : 'Note'}
              aria-invalid={open.length > 0}
              aria-describedby="composer-problem"
              className="field resize-y"
              value={current}
              onChange={({ target }) => write(target.value)}
              onKeyDown={onKeyDown}
            />
            <div className="flex flex-col gap-2">
              {tab === 'reply' && (
                <button
                  type="button"
                  className="button"
                  aria-expanded={isCannedOpen}
                  onClick={() => setCannedOpen(!isCannedOpen)}
                >
                  / canned
                </button>
              )}
              {tab === 'reply' && isInCall && (
                <button type="button" className="button" disabled={!canSend} onClick={() => void send(true)}>
                  Say it
                </button>
              )}
              <button type="button" className="button button-primary" disabled={!canSend} onClick={() => void send()}>
                {tab === 'reply' ? 'Send' : 'Save note'}
              </button>
            </div>
          </div>
        )}
        <p
          id="composer-problem"
          role="alert"
          className={problem === '' && open.length === 0 ? '' : 'px-1 pt-1 text-bad'}
        >
          {problem}
          {open.length > 0 && `Fill in ${open.join(', ')} before sending.`}
        </p>
      </div>
    </div>
  )
}
