import type { CapabilityKind, CapabilityOverride, CapabilityRequirement } from '@parley/spec'
import { capabilityKinds } from '@parley/spec'
import { describe, expect, test } from 'vitest'
import { sampleCard } from './__fixtures__/sample-pool.ts'
import { createCapabilityRegistry, type CapabilityRegistry } from './capability-registry.ts'
import { defaultRequirement } from './capability-requirements.ts'

const open = (): CapabilityRegistry =>
  createCapabilityRegistry({ cards: [sampleCard('a/one', { flags: ['stream', 'tools', 'x_lane'] })] })
const override = (kind: CapabilityKind, requirement: CapabilityRequirement, version = '1'): CapabilityOverride => ({
  tenantId: 'acme',
  kind,
  requirement,
  version,
})

describe('workflows 10 capabilities', () => {
  test('workflows 10 the table: what each of the fifteen kinds asks of a model', () => {
    expect(Object.fromEntries(capabilityKinds.map((kind) => [kind, defaultRequirement(kind)]))).toEqual({
      tool_use: { flag: 'tools' },
      function_calling: { flag: 'tools' },
      structured_output: { flag: 'jsonSchema' },
      json_mode: { flag: 'jsonObject' },
      streaming: { flag: 'stream' },
      vision: { flag: 'image' },
      audio_in: { flag: 'audioIn' },
      audio_out: { flag: 'audioOut' },
      embeddings: { flag: 'embeddings' },
      reasoning: { quality: { category: 'reasoning', min: 0.85 } },
      code_generation: { quality: { category: 'code', min: 0.75 } },
      multilingual: { quality: { category: 'multilingual', min: 0.7 } },
      long_context: { minContextTokens: 128_000 },
      fast_inference: { maxFirstTokenMs: 500 },
      low_cost: { cheapestThird: true },
    })
    expect(defaultRequirement('x_legal')).toEqual({ flag: 'x_legal' })
  })

  test('workflows 10 a tenant may tighten and judge quality otherwise; other tenants keep the table', () => {
    const registry = open()
    registry.set(override('long_context', { minContextTokens: 200_000 }))
    registry.set(override('reasoning', { quality: { category: 'law', min: 0.5 } }))
    registry.set(override('tool_use', { maxFirstTokenMs: 300 }))
    expect(registry.get('acme', 'long_context')).toEqual({ minContextTokens: 200_000 })
    expect(registry.get('acme', 'reasoning')).toEqual({ quality: { category: 'law', min: 0.5 } })
    expect(registry.get('acme', 'tool_use')).toEqual({ flag: 'tools', maxFirstTokenMs: 300 })
    expect(registry.get('other', 'long_context')).toEqual({ minContextTokens: 128_000 })
    expect(registry.override('acme', 'reasoning')?.version).toBe('1')
    expect(registry.override('other', 'reasoning')).toBeUndefined()
  })

  test.each<[CapabilityKind, CapabilityRequirement]>([
    ['vision', { flag: 'tools' }],
    ['vision', { flag: 'stream' }],
    ['reasoning', { flag: 'image' }],
    ['x_own', { flag: 'image' }],
  ])('workflows 10 an override of %s by %j grants no flag that the adapter does not have', (kind, requirement) => {
    const registry = open()
    expect(() => registry.set(override(kind, requirement))).toThrow(
      expect.objectContaining({ code: 'capability_not_offered' }),
    )
    expect(registry.version('acme')).toBe('1')
  })

  test('workflows 10 an override that leaves the flag out does not take it away', () => {
    const registry = open()
    registry.set(override('vision', { quality: { category: 'vision', min: 0.5 } }))
    expect(registry.get('acme', 'vision')).toEqual({ flag: 'image', quality: { category: 'vision', min: 0.5 } })
  })

  test.each<[CapabilityKind, CapabilityRequirement]>([
    ['long_context', { minContextTokens: 64_000 }],
    ['fast_inference', { maxFirstTokenMs: 501 }],
    ['low_cost', { cheapestThird: false }],
    ['reasoning', { quality: { category: 'reasoning', min: 1.1 } }],
    ['long_context', { minContextTokens: Number.NaN }],
  ])('workflows 10 an override of %s by %j asks for less or for no number', (kind, requirement) => {
    expect(() => open().set(override(kind, requirement))).toThrow(expect.objectContaining({ code: 'invalid_options' }))
  })

  test('workflows 10 overrides are versioned, per tenant', () => {
    const registry = open()
    registry.set(override('vision', { maxFirstTokenMs: 900 }, '3'))
    registry.set(override('reasoning', { quality: { category: 'reasoning', min: 0.9 } }, '7'))
    expect(registry.version('acme')).toBe('1+reasoning@7+vision@3')
    registry.set(override('vision', { maxFirstTokenMs: 800 }, '4'))
    expect(registry.version('acme')).toBe('1+reasoning@7+vision@4')
    expect(registry.version('other')).toBe('1')
  })

  test("workflows 10 one's own kind asks for what its tenant says", () => {
    const registry = open()
    registry.set(override('x_quick_lane', { flag: 'x_lane', maxFirstTokenMs: 200 }))
    expect(registry.get('acme', 'x_quick_lane')).toEqual({ flag: 'x_lane', maxFirstTokenMs: 200 })
  })
})
