// node tests/ci/count-tests.ts <vitest JSON report>...: prints `<passed> <failed> <skipped>` of all reports together.
// A file that could not be loaded holds no tests and counts as one failed test, so it cannot vanish from the sum.
import { readFileSync } from 'node:fs'
import { z } from 'zod'

const reportSchema = z.object({
  testResults: z.array(z.object({ status: z.string(), assertionResults: z.array(z.object({ status: z.string() })) })),
})

const counts = { passed: 0, failed: 0, skipped: 0 }
for (const path of process.argv.slice(2)) {
  for (const file of reportSchema.parse(JSON.parse(readFileSync(path, 'utf8'))).testResults) {
    if (file.status === 'failed' && file.assertionResults.every(({ status }) => status !== 'failed')) counts.failed += 1
    for (const { status } of file.assertionResults) {
      counts[status === 'passed' || status === 'failed' ? status : 'skipped'] += 1
    }
  }
}
console.log(`${counts.passed} ${counts.failed} ${counts.skipped}`)
