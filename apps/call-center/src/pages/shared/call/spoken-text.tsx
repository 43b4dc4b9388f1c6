import { Fragment } from 'react'
import type { HeardState, SpokenWord } from './spoken-words.ts'

const looks: Readonly<Record<HeardState, string>> = {
  queued: 'text-muted',
  playing: 'underline decoration-2 underline-offset-4',
  heard: '',
  cut: 'text-muted line-through',
}

/** Words as far as they were heard. Where they were cut it is said in words, too. */
export function SpokenText({ words }: { words: readonly SpokenWord[] }) {
  const isCut = words.some(({ heard }) => heard === 'cut')
  return (
    <p className="whitespace-pre-wrap wrap-anywhere">
      {words.map((word, at) => (
        <Fragment key={at}>
          <span
            data-heard={word.heard}
            data-confirmed={word.isConfirmed}
            className={
              word.heard === 'heard' && !word.isConfirmed
                ? 'underline decoration-dotted decoration-1 underline-offset-4'
                : looks[word.heard]
            }
          >
            {word.text}
          </span>
          {word.after}
        </Fragment>
      ))}
      {isCut && <span className="pl-1 text-xs text-muted"> not heard</span>}
    </p>
  )
}
