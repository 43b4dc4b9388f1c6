/** Ends an attempt whose call does not fit a budget that pauses: the run is put aside, nothing has failed. */
export class BudgetParked extends Error {
  readonly envelope: { kind: string; id: string }

  constructor(envelope: { kind: string; id: string }) {
    super('The run is paused by its budget.')
    this.envelope = envelope
  }
}
