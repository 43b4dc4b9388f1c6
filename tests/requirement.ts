import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { describe, expect, test } from 'vitest'

/** What some suites need from the machine. */
export type RequirementName = 'chromium' | 'pocketsphinx' | 'postgres'

/** Whether the machine has it: `value` is the path of the program or the server's URL. */
export type Requirement =
  | { readonly met: true; readonly value: string }
  | { readonly met: false; readonly reason: string }

/** Looks for what a suite needs, in the environment given. */
export function requirement(
  name: RequirementName,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Requirement {
  if (name === 'postgres') {
    const url = environment['PARLEY_TEST_POSTGRES_URL']
    if (url !== undefined && url !== '') return { met: true, value: url }
    return { met: false, reason: 'no PostgreSQL server: set PARLEY_TEST_POSTGRES_URL' }
  }
  if (name === 'pocketsphinx') {
    const path = onPath(environment, ['pocketsphinx_continuous']).find(isExecutable)
    if (path !== undefined) return { met: true, value: path }
    return { met: false, reason: 'no PocketSphinx: apt-get install pocketsphinx pocketsphinx-en-us' }
  }
  const named = environment['PARLEY_CHROMIUM']
  const candidates =
    named !== undefined && named !== ''
      ? [named]
      : onPath(environment, ['chromium', 'chromium-browser', 'google-chrome'])
  const path = candidates.find(isExecutable)
  if (path !== undefined) return { met: true, value: path }
  return { met: false, reason: 'no Chromium: install it, or set PARLEY_CHROMIUM to its path' }
}

/**
 * A suite that needs something of the machine. Where that is absent the suite is skipped and its title says why;
 * with `CI=true` its absence is a failure, so a check can never pass by not running.
 * @example describeNeeding('postgres', 'store on a server', (url) => { test('...', ...) })
 */
export function describeNeeding(name: RequirementName, title: string, suite: (value: string) => void): void {
  const found = requirement(name)
  if (found.met) {
    describe(title, () => {
      suite(found.value)
    })
  } else if (process.env['CI'] === 'true') {
    test(`${title}: ${name} is there`, () => expect.fail(`This suite must run in CI, but there is ${found.reason}.`))
  } else {
    // oxlint-disable-next-line vitest/no-disabled-tests -- the one place that skips, and it says why
    test.skip(`${title} (skipped, ${found.reason})`, () => {})
  }
}

function onPath(environment: Readonly<Record<string, string | undefined>>, files: readonly string[]): string[] {
  return (environment['PATH'] ?? '').split(delimiter).flatMap((folder) => files.map((file) => join(folder, file)))
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false // absent or not executable: the next candidate is tried
  }
}
