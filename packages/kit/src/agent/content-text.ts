import { assertNever, type Content, type ContentPart, type ModelCard } from '@parley/spec'

/** What content says, in words; null when it says nothing a model should read. */
export function contentText(content: Content): string | null {
  switch (content.type) {
    case 'text':
      return content.text
    case 'rich':
      return content.plainText ?? content.body
    case 'media':
      return `[${content.mimeType}: ${content.caption ?? content.filename ?? 'file'}]`
    case 'audio':
      return content.transcript ?? '[audio]'
    case 'video':
      return '[video]'
    case 'location':
      return `[location: ${[content.label, content.address, `${content.latitude}, ${content.longitude}`].filter(Boolean).join(', ')}]`
    case 'composite':
      return content.parts.flatMap((part) => contentText(part) ?? []).join('\n')
    case 'template':
      return content.text ?? `[template ${content.templateId}]`
    case 'dtmf':
      return `Keypad: ${content.digits}`
    case 'note':
      return `[Note] ${content.text}`
    case 'edit':
    case 'delete':
    case 'reaction':
    case 'toolCall':
    case 'system':
    case 'redacted':
      return null
    default:
      return assertNever(content)
  }
}

/** Pictures, sounds and files of content that a model can take as they are. */
export function contentMedia(content: Content, card: ModelCard): ContentPart[] {
  if (content.type === 'composite') return content.parts.flatMap((part) => contentMedia(part, card))
  if (content.type !== 'media') return []
  const kind = content.mimeType.startsWith('image/')
    ? 'image'
    : content.mimeType.startsWith('audio/')
      ? 'audio'
      : 'file'
  if (!card.input.includes(kind)) return []
  const name = content.filename === undefined ? {} : { name: content.filename }
  return [{ type: kind, mimeType: content.mimeType, url: content.url, ...name }]
}
