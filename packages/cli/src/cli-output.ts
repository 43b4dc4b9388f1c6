import type { Json } from '@parley/spec'
import type { CliWorld } from './cli-world.ts'

/** What of the output was asked for on the command line. */
export interface OutputOptions {
  json?: boolean
  quiet?: boolean
  verbose?: boolean
  /** False with `--no-color`. */
  color?: boolean
}

export type Colour = 'red' | 'green' | 'yellow' | 'grey' | 'bold'

const codes: Readonly<Record<Colour, number>> = { red: 31, green: 32, yellow: 33, grey: 90, bold: 1 }

/** Data goes to standard output, what is said about it to standard error. */
export class CliOutput {
  readonly isJson: boolean
  /** Whether standard error is a terminal that may be drawn on. */
  readonly isLive: boolean
  readonly #world: CliWorld
  /** Whether progress is left out. */
  readonly isQuiet: boolean
  readonly #isVerbose: boolean
  readonly #hasColour: boolean

  constructor(world: CliWorld, { json = false, quiet = false, verbose = false, color = true }: OutputOptions) {
    this.#world = world
    this.isJson = json
    this.isQuiet = quiet
    this.#isVerbose = verbose
    this.isLive = world.stderr.isTTY === true && !quiet && !json
    this.#hasColour = color && (world.env['NO_COLOR'] ?? '') === ''
  }

  /** Text for people; nothing with `--json`. */
  print(text: string): void {
    if (!this.isJson) this.#world.stdout.write(text.endsWith('\n') ? text : `${text}\n`)
  }

  /** What was asked for, byte for byte, with `--json` too: a drawing, an export. */
  printRaw(text: string): void {
    this.#world.stdout.write(text)
  }

  /** One JSON document on a line of its own; nothing without `--json`. */
  printJson(type: string, fields: { [key: string]: Json }): void {
    if (this.isJson) this.#world.stdout.write(`${JSON.stringify({ v: 1, type, ...fields })}\n`)
  }

  /** Progress. */
  note(text: string): void {
    if (!this.isQuiet) this.#world.stderr.write(`${text}\n`)
  }

  /** Progress that only `--verbose` shows. */
  detail(text: string): void {
    if (this.#isVerbose) this.#world.stderr.write(`${text}\n`)
  }

  /** A failure; with `--quiet` too. */
  fail(text: string): void {
    this.#world.stderr.write(`${text}\n`)
  }

  /** Draws over the line of standard error that was drawn last. */
  redraw(text: string): void {
    if (this.isLive) this.#world.stderr.write(`\r\u001B[2K${text}`)
  }

  /** Columns of standard error. */
  get columns(): number {
    return Math.min(this.#world.stderr.columns ?? 80, 80)
  }

  /** Text in a colour where the stream shows colours and nobody has turned them off. */
  paint(colour: Colour, text: string, stream: 'stdout' | 'stderr' = 'stdout'): string {
    if (!this.#hasColour || this.isJson || this.#world[stream].isTTY !== true) return text
    return `\u001B[${codes[colour]}m${text}\u001B[0m`
  }
}
