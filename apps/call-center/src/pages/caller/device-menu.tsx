import { useState } from 'react'
import type { CallStore } from '../shared/call/call-store.ts'
import { DeviceSelect } from '../shared/call/device-select.tsx'
import { LevelLine } from '../shared/call/level-line.tsx'
import { areCuesOn, setCuesOn } from '../shared/call/sound.ts'
import { useDevices } from '../shared/call/use-devices.ts'
import type { CallChoices } from './call-storage.ts'
import { captionScales } from './captions.tsx'

/** Microphone, speaker, and how this browser's calls shall be. */
export function DeviceMenu({
  store,
  choices,
  onChoose,
  onProblem,
}: {
  store: CallStore
  choices: CallChoices
  onChoose: (changes: Partial<CallChoices>) => void
  onProblem: (text: string) => void
}) {
  const { microphones, speakers } = useDevices(true)
  const [speakerId, setSpeakerId] = useState<string>()
  const [areCues, setCues] = useState(areCuesOn)
  const report = (thrown: unknown): void =>
    onProblem(thrown instanceof Error ? thrown.message : 'The device could not be used. Choose another one.')
  return (
    <section
      id="device-menu"
      aria-label="Devices and settings"
      className="flex animate-panel flex-col gap-3 rounded-md border border-line bg-surface p-4 text-sm"
    >
      {store.hasMicrophone && (
        <>
          <DeviceSelect
            label="Microphone"
            devices={microphones}
            value={choices.microphoneId}
            onChange={(microphoneId) => {
              onChoose({ microphoneId })
              store.useMicrophone(microphoneId).catch(report)
            }}
          />
          <LevelLine meter={store.meter} />
        </>
      )}
      <DeviceSelect
        label="Speaker"
        devices={speakers}
        value={speakerId}
        onChange={(chosen) => {
          setSpeakerId(chosen)
          store.useSpeaker(chosen).catch(report)
        }}
      />
      {store.hasMicrophone && (
        <Choice
          label="Push to talk: hold Space"
          isOn={choices.isPushToTalk}
          onChange={(isPushToTalk) => {
            onChoose({ isPushToTalk })
            store.setMuted(isPushToTalk)
          }}
        />
      )}
      <Choice
        label="Large captions (C)"
        isOn={choices.areCaptionsShown}
        onChange={(areCaptionsShown) => onChoose({ areCaptionsShown })}
      />
      <Choice
        label="Read captions aloud to screen readers"
        isOn={choices.isReadAloud}
        onChange={(isReadAloud) => onChoose({ isReadAloud })}
      />
      {choices.isReadAloud && (
        <p className="text-muted">Use headphones or push to talk, so that the reader is not heard in the call.</p>
      )}
      <Choice
        label="Sounds for events"
        isOn={areCues}
        onChange={(isOn) => {
          setCuesOn(isOn)
          setCues(isOn)
        }}
      />
      <label className="block">
        <span className="block font-medium">Caption size</span>
        <select
          className="field mt-1 min-h-11"
          value={choices.captionScale}
          onChange={({ target }) => onChoose({ captionScale: Number(target.value) })}
        >
          {captionScales.map((scale) => (
            <option key={scale} value={scale}>
              {Math.round(scale * 100)} %
            </option>
          ))}
        </select>
      </label>
    </section>
  )
}

function Choice({ label, isOn, onChange }: { label: string; isOn: boolean; onChange: (isOn: boolean) => void }) {
  return (
    <label className="flex min-h-9 items-center gap-2">
      <input
        type="checkbox"
        className="size-4 accent-accent"
        checked={isOn}
        onChange={({ target }) => onChange(target.checked)}
      />
      {label}
    </label>
  )
}
