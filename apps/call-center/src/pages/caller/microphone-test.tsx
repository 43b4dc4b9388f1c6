import { useEffect, useState } from 'react'
import { DeviceSelect } from '../shared/call/device-select.tsx'
import { LevelLine } from '../shared/call/level-line.tsx'
import { createLevelMeter, openMicrophone, type LevelMeter } from '../shared/call/microphone.ts'
import { useDevices } from '../shared/call/use-devices.ts'

/** The microphone the call will use, and whether it hears something. Nothing is asked before the click. */
export function MicrophoneTest({
  microphoneId,
  onChoose,
}: {
  microphoneId: string | undefined
  onChoose: (deviceId: string) => void
}) {
  const [test, setTest] = useState<{ stream: MediaStream; meter: LevelMeter }>()
  const [problem, setProblem] = useState('')
  const { microphones } = useDevices(test !== undefined)
  useEffect(
    () => () => {
      test?.meter.close()
      for (const track of test?.stream.getTracks() ?? []) track.stop()
    },
    [test],
  )
  const start = async (deviceId: string | undefined): Promise<void> => {
    const answer = await openMicrophone(deviceId)
    setProblem(answer.ok ? '' : answer.problem.message)
    setTest(answer.ok ? { stream: answer.stream, meter: createLevelMeter(answer.stream) } : undefined)
  }
  const name = test?.stream.getAudioTracks()[0]?.label
  return (
    <div data-microphone-test className="flex flex-wrap items-center gap-3 text-sm">
      <span className="text-muted">
        Microphone: {name === undefined || name === '' ? 'asked for when you call' : name}
      </span>
      {test !== undefined && <LevelLine meter={test.meter} />}
      <button
        type="button"
        className="button text-sm"
        onClick={() => (test === undefined ? void start(microphoneId) : setTest(undefined))}
      >
        {test === undefined ? 'Test it' : 'Stop the test'}
      </button>
      {test !== undefined && microphones.length > 1 && (
        <DeviceSelect
          label="Microphone"
          devices={microphones}
          value={microphoneId}
          onChange={(deviceId) => {
            onChoose(deviceId)
            void start(deviceId)
          }}
        />
      )}
      {problem !== '' && (
        <span role="alert" className="w-full text-bad">
          {problem}
        </span>
      )}
    </div>
  )
}
