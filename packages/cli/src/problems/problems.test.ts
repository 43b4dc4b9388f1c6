import { expect, test } from 'vitest'
import { CliOutput } from '../cli-output.ts'
import { githubLine } from './github-line.ts'
import { problemText } from './problem-text.ts'
import type { CliWorld } from '../cli-world.ts'
import type { WorkflowProblem } from '@parley/spec'

const problem: WorkflowProblem = {
  code: 'document_invalid',
  path: 'steps.a',
  severity: 'warning',
  line: 3,
  column: 5,
  message: 'Wrong: 100%,\nreally.',
  fix: 'Mend it.',
}

test('workflows 16 GitHub annotations escape what would end them', () => {
  expect(githubLine('a,b:c.yaml', problem)).toBe(
    '::warning file=a%2Cb%3Ac.yaml,line=3,col=5,title=document_invalid::Wrong: 100%25,%0Areally. Mend it.',
  )
})

test('workflows 16 a problem as text has its place, its kind, and how to mend it', () => {
  const stream = { write: () => true }
  const world = { stdout: stream, stderr: stream, env: {} } as unknown as CliWorld // the parts that an output uses
  expect(problemText(new CliOutput(world, {}), 'a.yaml', problem)).toBe(
    'a.yaml:3:5  warning  document_invalid\n    steps.a: Wrong: 100%, really.\n    fix: Mend it.',
  )
})
