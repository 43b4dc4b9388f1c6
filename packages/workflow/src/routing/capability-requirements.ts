import type { CapabilityKind, CapabilityRequirement } from '@parley/spec'

const requirements: ReadonlyMap<CapabilityKind, CapabilityRequirement> = new Map<CapabilityKind, CapabilityRequirement>(
  [
    ['tool_use', { flag: 'tools' }],
    ['function_calling', { flag: 'tools' }],
    ['structured_output', { flag: 'jsonSchema' }],
    ['json_mode', { flag: 'jsonObject' }],
    ['streaming', { flag: 'stream' }],
    ['vision', { flag: 'image' }],
    ['audio_in', { flag: 'audioIn' }],
    ['audio_out', { flag: 'audioOut' }],
    ['embeddings', { flag: 'embeddings' }],
    ['reasoning', { quality: { category: 'reasoning', min: 0.85 } }],
    ['code_generation', { quality: { category: 'code', min: 0.75 } }],
    ['multilingual', { quality: { category: 'multilingual', min: 0.7 } }],
    ['long_context', { minContextTokens: 128_000 }],
    ['fast_inference', { maxFirstTokenMs: 500 }],
    ['low_cost', { cheapestThird: true }],
    // A request that holds a file needs a model that takes one.
    ['x_file_input', { flag: 'file' }],
  ],
)

/** What a capability of the built-in table asks of a model. */
export function builtInRequirement(kind: CapabilityKind): CapabilityRequirement | undefined {
  return requirements.get(kind)
}

/** What a capability asks unless a tenant says otherwise; one's own kinds ask for the flag of their name. */
export function defaultRequirement(kind: CapabilityKind): CapabilityRequirement {
  return requirements.get(kind) ?? { flag: kind }
}
