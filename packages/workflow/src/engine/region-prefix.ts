/** How the keys of steps inside of a region begin: `outer@1/`, of its second attempt `outer@1.2/`. */
export function regionPrefix(stepKey: string, attempt: number): string {
  return attempt > 1 ? `${stepKey}.${attempt}/` : `${stepKey}/`
}

/** A step key without visits and attempts of regions: `outer@1.2/inner@3` as `outer/inner`. */
export function pathOfKey(stepKey: string): string {
  return stepKey.replaceAll(/@\d+(?:\.\d+(?=\/))?/g, '')
}

/** Whether a step is inside of another one, in whichever attempt of that. */
export function isInside(stepKey: string, outerKey: string): boolean {
  return stepKey.startsWith(`${outerKey}/`) || stepKey.startsWith(`${outerKey}.`)
}
