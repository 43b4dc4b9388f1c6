import { Fragment, type ReactNode } from 'react'

/** A small part of Markdown, shown as elements and never as markup: bold, italic, code, lists, line breaks. */
export function MessageText({ text }: { text: string }) {
  const blocks = text.split(/\n{2,}/)
  return (
    <>
      {blocks.map((block, at) => (
        <Block key={at} lines={block.split('\n')} />
      ))}
    </>
  )
}

function Block({ lines }: { lines: readonly string[] }) {
  if (lines.length > 0 && lines.every((line) => /^\s*[-*] /.test(line))) {
    return (
      <ul className="list-disc pl-5">
        {lines.map((line, at) => (
          <li key={at}>{inline(line.replace(/^\s*[-*] /, ''))}</li>
        ))}
      </ul>
    )
  }
  return (
    <p className="whitespace-pre-wrap wrap-anywhere">
      {lines.map((line, at) => (
        <Fragment key={at}>
          {at > 0 && '\n'}
          {inline(line)}
        </Fragment>
      ))}
    </p>
  )
}

function inline(text: string): ReactNode[] {
  return text.split(/(\*\*[^*\n]+\*\*|`[^`\n]+`)/).map((part, at) => {
    if (part.startsWith('**') && part.length > 4) return <strong key={at}>{part.slice(2, -2)}</strong>
    if (part.startsWith('`') && part.length > 2) {
      return (
        <code key={at} className="font-mono text-[0.9em]">
          {part.slice(1, -1)}
        </code>
      )
    }
    return part
  })
}
