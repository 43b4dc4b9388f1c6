import { defaultVoiceSettings, voiceSettingsVersion } from '../options/default-settings.ts'
import type { VoiceSettings, VoiceStages } from '../options/voice-settings.ts'
type Deep<T> = { [K in keyof T]?: T[K] extends readonly unknown[] ? T[K] : T[K] extends object ? Deep<T[K]> : T[K] }
export type VoiceOptions = Deep<Omit<VoiceSettings, 'stages' | 'source' | 'turns'>>
export function resolveVoiceSettings({ channel, stages }: { channel: VoiceOptions; stages: VoiceStages }): { version: number; settings: VoiceSettings; sources: object } {
  const settings = structuredClone(defaultVoiceSettings) as unknown as Record<string, unknown>
  for (const [key, value] of Object.entries(channel)) {
    const before = settings[key]
    settings[key] = typeof before === 'object' && before !== null && !Array.isArray(before) ? { ...before, ...(value as object) } : value
  }
  settings['stages'] = stages
  return { version: voiceSettingsVersion, settings: settings as unknown as VoiceSettings, sources: {} }
}
