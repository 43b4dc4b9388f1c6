// Workflows as documents, one lesson per file. Each also runs alone: node --conditions=@parley/source first-workflow.ts
const lessons = {
  'first-workflow': () => import('./first-workflow.ts'),
  'step-events': () => import('./step-events.ts'),
  'refactor-and-test': () => import('./refactor-and-test.ts'),
  'speculative-tests': () => import('./speculative-tests.ts'),
  'tasks-and-receipts': () => import('./tasks-and-receipts.ts'),
  budgets: () => import('./budgets.ts'),
  'yaml-hello': () => import('./yaml-hello.ts'),
  'yaml-rest-tool': () => import('./yaml-rest-tool.ts'),
  'command-line': () => import('./command-line.ts'),
  'yaml-rest-and-mcp': () => import('./yaml-rest-and-mcp.ts'),
}

// One after another: a lesson that fails ends the process with its error.
for (const [name, run] of Object.entries(lessons)) {
  console.log(`\n${name}`)
  await run()
}
