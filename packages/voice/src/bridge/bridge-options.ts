/** How bridges of a channel work. */
export interface BridgeOptions {
  /** Legs of one bridge. @default 10 */
  maxLegs: number
  /** Budget of the frame filter, in ms per frame of 20 ms. @default 1 */
  filterBudgetMs: number
  /** What becomes of the call when the last person on the other side has left. @default 'end' */
  onLastHuman: 'end' | 'agent'
}

export const defaultBridgeOptions: Readonly<BridgeOptions> = Object.freeze({
  maxLegs: 10,
  filterBudgetMs: 1,
  onLastHuman: 'end',
})
