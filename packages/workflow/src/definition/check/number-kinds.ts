/** A whole number of 1 or more. */
export function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 1
}

/** A finite number of 0 or more. */
export function isNotNegative(value: number): boolean {
  return Number.isFinite(value) && value >= 0
}

/** A finite number above 0. */
export function isPositive(value: number): boolean {
  return Number.isFinite(value) && value > 0
}
