import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { assignLayers } from './assign-layers.ts'
import { drawMermaid } from './draw-mermaid.ts'
import { drawSvg } from './draw-svg.ts'
import { drawText } from './draw-text.ts'
import { layoutRegion, type RegionLayout } from './layout-region.ts'
import { toRegionGraph } from './region-graph.ts'
import type { Region, StepDefinition, WorkflowDefinition } from '@parley/spec'

function step(id: string, fields: Partial<StepDefinition> = {}): StepDefinition {
  return {
    id,
    kind: 'fn',
    dependsOn: [],
    requires: 'settled',
    tier: 'balanced',
    strategy: { type: 'single' },
    capabilities: [],
    parallel: true,
    effect: 'pure',
    ...fields,
  }
}

function definition(root: Region, fields: Partial<WorkflowDefinition> = {}): WorkflowDefinition {
  return {
    name: 'triage',
    version: '1',
    hash: '0123456789abcdef',
    root,
    defaults: { tier: 'balanced' },
    templates: {},
    servers: { rest: [], mcp: [] },
    functions: {},
    limits: { maxConcurrency: 32, maxModelCalls: 50, maxVisits: 1_000 },
    compat: {},
    sensitiveKeys: [],
    metadata: {},
    ...fields,
  }
}

const triage = definition(
  {
    kind: 'dag',
    maxConcurrency: 32,
    steps: [
      step('facts', { kind: 'llm', tier: 'fast' }),
      step('each', {
        kind: 'llm',
        dependsOn: ['facts'],
        foreach: { source: 'facts', policy: 'allowPartial', concurrency: 1 },
        strategy: { type: 'race', candidates: 2, staggerMs: 0 },
      }),
      step('talk', {
        kind: 'region',
        dependsOn: ['facts'],
        region: {
          kind: 'flow',
          start: 'ask',
          steps: [
            step('ask', { kind: 'llm', next: 'enough' }),
            step('enough', { kind: 'if', condition: true, then: 'done', else: 'ask' }),
            step('done', { kind: 'end' }),
          ],
        },
      }),
      step('report', {
        kind: 'wait',
        dependsOn: ['each', 'talk'],
        wait: { type: 'approval', onTimeout: 'reject', timeout: 60 },
      }),
    ],
  },
  { outputs: { report: '{{steps.report.output}}' } },
)

test('workflows 16 graph as text is a tree of regions and steps', () => {
  expect(drawText(triage)).toBe(`triage 1 · dag · 7 steps
├─ facts   llm fast
├─ each    llm balanced  race of 2  foreach facts  <- facts
├─ talk    flow region  <- facts
│  ├─ ask     llm balanced  -> enough
│  ├─ enough  if  then -> done  else -> ask
│  └─ done    end
└─ report  wait  approval, 60 s  <- each,  talk
outputs: report
`)
})

test('workflows 16 graph as text fits its columns, 80 when nothing is said', () => {
  const steps = Array.from({ length: 30 }, (_, index) => step(`step-number-${index}`))
  const wide = definition({
    kind: 'dag',
    maxConcurrency: 32,
    steps: [...steps, step('join', { dependsOn: steps.map(({ id }) => id) })],
  })
  const lines = drawText(wide).split('\n')
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80)
  expect(Math.max(...lines.map((line) => line.length))).toBeGreaterThan(60)
  for (const { id } of steps) expect(lines.slice(31).join(' ')).toContain(id)
  const narrow = drawText(wide, { width: 40 }).split('\n')
  expect(Math.max(...narrow.map((line) => line.length))).toBeLessThanOrEqual(40)
})

test('workflows 16 graph as Mermaid has a node per step, a subgraph per region and labelled edges', () => {
  expect(drawMermaid(triage)).toBe(`flowchart TD
  accTitle: triage 1
  n0["facts<br/>llm fast"]
  n1["each<br/>llm balanced<br/>race of 2<br/>foreach facts"]
  subgraph n2["talk · flow region"]
    n4["ask<br/>llm balanced"]
    n5{"enough<br/>if"}
    n6(("done<br/>end"))
    n4 --> n5
    n5 -->|"then"| n6
    n5 -->|"else"| n4
  end
  n3(["report<br/>wait<br/>approval, 60 s"])
  n0 --> n1
  n0 --> n2
  n1 --> n3
  n2 --> n3
`)
})

test('workflows 16 graph as SVG has title, description, both themes and one shape per step', () => {
  const svg = drawSvg(triage)
  expect(svg).toMatch(
    /^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" role="img" aria-labelledby="parley-01234567-title parley-01234567-text"/,
  )
  expect(svg).toContain('<title id="parley-01234567-title">triage 1</title>')
  expect(svg).toContain('Workflow with 7 steps. facts: llm fast.')
  expect(svg).toContain('talk / enough: if, then done (then) or ask (else).')
  expect(svg).toContain('prefers-color-scheme:dark')
  expect(svg.match(/class="name"/g)).toHaveLength(7)
  // The loop leads back up, dashed.
  expect(svg.match(/class="edge back"/g)).toHaveLength(1)
  expect(svg.match(/class="edge( back)?"/g)).toHaveLength(7)
})

const hostile = '</text><script>alert(1)</script>"]; click n0 "javascript:1"\u001B[2J\n&'

test('S3 names and labels of a document are drawn as text, never as markup, control or code', () => {
  const evil = definition(
    {
      kind: 'flow',
      start: 'a',
      steps: [
        step('a', { kind: 'switch', switch: { expr: 'x', cases: { [hostile]: 'b' } } }),
        step('b', { kind: 'llm', model: hostile }),
      ],
    },
    { name: hostile, hash: '"><script>' },
  )
  const svg = drawSvg(evil)
  expect(svg).not.toContain('<script')
  expect(
    svg
      .match(/<[a-z]+/g)
      ?.every((tag) =>
        ['<svg', '<title', '<desc', '<style', '<defs', '<marker', '<path', '<rect', '<text', '<g'].includes(tag),
      ),
  ).toBe(true)
  for (const line of drawMermaid(evil).split('\n').slice(2)) {
    expect(line).not.toContain('click n0 "')
    expect(line).not.toContain('<script')
  }
  for (const drawn of [svg, drawMermaid(evil), drawText(evil)]) expect(drawn).not.toContain('\u001B')
  expect(drawMermaid(evil).split('\n')).toHaveLength(6)
})

/** Graphs of any edges, circles and doubles too. */
const anyRegion = fc.nat({ max: 24 }).chain((count) =>
  fc.record({
    count: fc.constant(count),
    edges: fc.array(fc.tuple(fc.nat({ max: count }), fc.nat({ max: count })), { maxLength: 60 }),
  }),
)

function regionOf({ count, edges }: { count: number; edges: [number, number][] }): Region {
  const steps = Array.from({ length: count + 1 }, (_, index) =>
    step(`s${index}`, { dependsOn: edges.filter(([, to]) => to === index).map(([from]) => `s${from}`) }),
  )
  return { kind: 'dag', maxConcurrency: 32, steps }
}

describe('workflows 16 layout', () => {
  test('workflows 16 graph edges that lead forward lead downwards, and every edge is drawn', () => {
    fc.assert(
      fc.property(anyRegion, (shape) => {
        const { nodes, edges } = toRegionGraph(definition(regionOf(shape)))
        const { layerOf, forward, back } = assignLayers(
          nodes.map(({ id }) => id),
          edges,
        )
        expect(forward.length + back.length).toBe(edges.length)
        for (const { from, to } of forward) expect(layerOf.get(from)).toBeLessThan(layerOf.get(to) ?? -1)
        if (shape.edges.every(([from, to]) => from < to)) expect(back).toEqual([])
      }),
    )
  })

  test('workflows 16 graph steps never cover each other and stay inside the image', () => {
    fc.assert(
      fc.property(anyRegion, (shape) => {
        const inner = regionOf(shape)
        const outer: Region = {
          ...inner,
          kind: 'dag',
          maxConcurrency: 1,
          steps: [...inner.steps, step('inner', { kind: 'region', region: inner })],
        }
        const layout = layoutRegion(toRegionGraph(definition(outer)))
        expectApart(layout)
        for (const { inner: within } of layout.nodes) if (within !== undefined) expectApart(within)
      }),
    )
  })

  test('workflows 16 graph draws what is large: a chain of 2,000 steps, and a fan of 1,000 as a block', () => {
    const chain = Array.from({ length: 2_000 }, (_, index) =>
      step(`s${index}`, index === 0 ? {} : { dependsOn: [`s${index - 1}`] }),
    )
    const long = layoutRegion(toRegionGraph(definition({ kind: 'dag', maxConcurrency: 32, steps: chain })))
    expect(long.width).toBeLessThan(200)
    expect(long.nodes).toHaveLength(2_000)
    const fan = [step('top'), ...Array.from({ length: 1_000 }, (_, index) => step(`s${index}`, { dependsOn: ['top'] }))]
    const block = layoutRegion(toRegionGraph(definition({ kind: 'dag', maxConcurrency: 32, steps: fan })))
    expect(block.width).toBeLessThan(2_000)
    expectApart(block)
  })
})

function expectApart({ nodes, width, height }: RegionLayout): void {
  for (const one of nodes) {
    expect(one.x).toBeGreaterThanOrEqual(-0.01)
    expect(one.y).toBeGreaterThanOrEqual(0)
    expect(one.x + one.width).toBeLessThanOrEqual(width + 0.01)
    expect(one.y + one.height).toBeLessThanOrEqual(height + 0.01)
  }
  const rows = Map.groupBy(nodes, ({ y }) => y)
  for (const row of rows.values()) {
    const sorted = row.toSorted((one, other) => one.x - other.x)
    for (let index = 1; index < sorted.length; index++) {
      const [left, right] = [sorted[index - 1], sorted[index]]
      expect((left?.x ?? 0) + (left?.width ?? 0)).toBeLessThanOrEqual((right?.x ?? 0) + 0.01)
    }
  }
  const bottoms = [...rows.entries()].toSorted(([one], [other]) => one - other)
  for (let index = 1; index < bottoms.length; index++) {
    const above = Math.max(...(bottoms[index - 1]?.[1] ?? []).map(({ y, height: own }) => y + own))
    expect(above).toBeLessThanOrEqual(bottoms[index]?.[0] ?? 0)
  }
}
