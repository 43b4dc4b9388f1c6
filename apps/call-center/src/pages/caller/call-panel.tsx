import { useEffect, useRef, useState } from 'react'
import type { CallStore } from '../shared/call/call-store.ts'
import type { CallView } from '../shared/call/call-view.ts'
import type { Names } from '../shared/names.ts'
import { useShortcuts } from '../shared/use-shortcuts.ts'
import { CallControls, type CallLayer } from './call-controls.tsx'
import type { CallChoices } from './call-storage.ts'
import { Captions } from './captions.tsx'
import { DeviceMenu } from './device-menu.tsx'
import { Keypad } from './keypad.tsx'
import { usePushToTalk } from './use-push-to-talk.ts'

/** A call's captions and its buttons, with what opens above them. */
export function CallPanel({
  store,
  view,
  names,
  choices,
  layer,
  isTyping,
  onLayer,
  onChoose,
  onType,
  onHangUp,
}: {
  store: CallStore
  view: CallView
  names: Names
  choices: CallChoices
  layer: CallLayer
  isTyping: boolean
  onLayer: (layer: CallLayer) => void
  onChoose: (changes: Partial<CallChoices>) => void
  onType: () => void
  onHangUp: () => void
}) {
  const [problem, setProblem] = useState('')
  const { call, hasMicrophone } = store
  const { areCaptionsShown, captionScale, isPushToTalk } = choices
  usePushToTalk(hasMicrophone ? store : undefined, isPushToTalk)
  const mute = (): void => (hasMicrophone ? store.setMuted(!view.isMuted) : undefined)
  const captions = (): void => onChoose({ areCaptionsShown: !areCaptionsShown })
  useShortcuts({
    m: mute,
    k: () => onLayer(layer === 'keypad' ? undefined : 'keypad'),
    c: captions,
    'Shift+H': onHangUp,
  })
  // What is asked for by keys opens them.
  const isAsked = view.asked !== undefined
  const wasAsked = useRef(false)
  useEffect(() => {
    if (isAsked) onLayer('keypad')
    else if (wasAsked.current) onLayer(undefined)
    wasAsked.current = isAsked
  }, [isAsked])
  return (
    <div className="flex min-h-0 flex-col gap-4">
      {areCaptionsShown && <Captions view={view} names={names} scale={captionScale} isShort={layer !== undefined} />}
      {layer === 'keypad' && (
        <Keypad asked={view.asked} onPress={(digit) => call?.dtmf(digit)} onClose={() => onLayer(undefined)} />
      )}
      {layer === 'devices' && <DeviceMenu store={store} choices={choices} onChoose={onChoose} onProblem={setProblem} />}
      {problem !== '' && (
        <p role="alert" className="text-sm text-bad">
          {problem}
        </p>
      )}
      <div className="lg:sticky lg:-bottom-6 lg:-mb-6 lg:bg-bg lg:pt-2 lg:pb-6">
        <CallControls
          canSpeak={hasMicrophone}
          isMuted={view.isMuted}
          layer={layer}
          isTyping={isTyping}
          onMute={mute}
          onLayer={onLayer}
          onType={onType}
          onHangUp={onHangUp}
        />
      </div>
      {isPushToTalk && hasMicrophone && <p className="text-center text-sm text-muted">Hold Space to talk.</p>}
    </div>
  )
}
