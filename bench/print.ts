import type { Figure } from './figure.ts'

/** Prints figures as they come. */
export interface Printer {
  figure(figure: Figure): void
  /** All figures are known. */
  end(): void
}

/** One JSON line per figure. */
export function jsonPrinter(write: (text: string) => void): Printer {
  return { figure: (figure) => write(`${JSON.stringify(figure)}\n`), end: () => {} }
}

const columns = ['metric', 'ours', 'peer', 'unit', 'ratio', 'n', 'peer name'] as const

/** A table for people, once all figures are known. */
export function tablePrinter(write: (text: string) => void): Printer {
  const figures: Figure[] = []
  return {
    figure: (figure) => figures.push(figure),
    end() {
      const rows: readonly (readonly string[])[] = [columns, ...figures.map(toRow)]
      const widths = columns.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
      for (const row of rows)
        write(
          `${row
            .map((cell, column) => cell.padEnd(widths[column] ?? 0))
            .join('  ')
            .trimEnd()}\n`,
        )
      for (const { metric, note } of figures) if (note !== undefined) write(`${metric}: ${note}\n`)
    },
  }
}

function toRow({ metric, ours, peer, unit, ratio, n, peerName }: Figure): string[] {
  return [
    metric,
    shown(ours),
    peer === null ? '-' : shown(peer),
    unit,
    ratio === null ? '-' : shown(ratio),
    String(n),
    peerName,
  ]
}

function shown(value: number): string {
  return value.toLocaleString('en-US', { maximumFractionDigits: value < 10 ? 4 : value < 1_000 ? 2 : 0 })
}
