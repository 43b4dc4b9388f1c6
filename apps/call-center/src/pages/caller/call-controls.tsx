/** What lies open above the buttons of a call. */
export type CallLayer = 'keypad' | 'devices' | undefined

/** Mute, keypad, devices, text, and the way out. */
export function CallControls({
  canSpeak,
  isMuted,
  layer,
  isTyping,
  onMute,
  onLayer,
  onType,
  onHangUp,
}: {
  canSpeak: boolean
  isMuted: boolean
  layer: CallLayer
  isTyping: boolean
  onMute: () => void
  onLayer: (layer: CallLayer) => void
  onType: () => void
  onHangUp: () => void
}) {
  return (
    <div role="group" aria-label="Call" className="flex flex-wrap gap-2">
      {canSpeak && (
        <button
          type="button"
          aria-pressed={isMuted}
          className={`button min-h-12 flex-1 px-2 ${isMuted ? 'border-bad text-bad' : ''}`}
          onClick={onMute}
        >
          {isMuted ? 'Muted' : 'Mute'}
          <Key name="M" />
        </button>
      )}
      <button
        type="button"
        aria-expanded={layer === 'keypad'}
        aria-controls="keypad"
        className="button min-h-12 flex-1 px-2"
        onClick={() => onLayer(layer === 'keypad' ? undefined : 'keypad')}
      >
        Keypad
        <Key name="K" />
      </button>
      <button type="button" aria-expanded={isTyping} className="button min-h-12 flex-1 px-2 lg:hidden" onClick={onType}>
        Text
      </button>
      <button
        type="button"
        aria-expanded={layer === 'devices'}
        aria-controls="device-menu"
        className="button min-h-12 flex-1 px-2"
        onClick={() => onLayer(layer === 'devices' ? undefined : 'devices')}
      >
        Device
      </button>
      <button type="button" className="button min-h-12 flex-1 border-bad px-2 text-bad" onClick={onHangUp}>
        Hang up
      </button>
    </div>
  )
}

function Key({ name }: { name: string }) {
  return (
    <kbd aria-hidden className="key max-lg:hidden">
      {name}
    </kbd>
  )
}
