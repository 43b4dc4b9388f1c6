// Workflows in code, one lesson per file. Each also runs alone: node --conditions=@parley/source quick-start.ts
const lessons = {
  'quick-start': () => import('./quick-start.ts'),
  'simple-chain': () => import('./simple-chain.ts'),
  contracts: () => import('./contracts.ts'),
  'failure-recovery': () => import('./failure-recovery.ts'),
  'foreach-competitors': () => import('./foreach-competitors.ts'),
  concurrent: () => import('./concurrent.ts'),
  'competitive-analysis': () => import('./competitive-analysis.ts'),
  'data-pipeline': () => import('./data-pipeline.ts'),
  'broken-data': () => import('./broken-data.ts'),
  'scoped-state': () => import('./scoped-state.ts'),
  'adapter-templates': () => import('./adapter-templates.ts'),
  'run-logger': () => import('./run-logger.ts'),
  approval: () => import('./approval.ts'),
}

// One after another: a lesson that fails ends the process with its error.
for (const [name, run] of Object.entries(lessons)) {
  console.log(`\n${name}`)
  await run()
}
