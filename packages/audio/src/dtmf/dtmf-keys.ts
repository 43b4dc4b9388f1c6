/** Low frequencies, one per row of the keypad, in hertz (ITU-T Q.23). */
export const dtmfRows: readonly number[] = [697, 770, 852, 941]
/** High frequencies, one per column. */
export const dtmfColumns: readonly number[] = [1_209, 1_336, 1_477, 1_633]
/** Keys, row by row. */
export const dtmfKeys = '123A456B789C*0#D'
