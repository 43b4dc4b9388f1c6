import { assertNever, type ChannelCapabilities, type Content, type Json } from '@parley/spec'

/**
 * Gives content in a form that a channel can show. Pure, and giving the result again changes nothing.
 * @returns null where there is no representation; that is a `transcoding_failed` delivery
 */
export function transcode(content: Content, capabilities: ChannelCapabilities): Content | null {
  switch (content.type) {
    case 'text':
      return toText(content, capabilities)
    case 'rich':
      return capabilities.content.includes('rich') ? fitButtons(content, capabilities) : asText(content, capabilities)
    case 'media':
    case 'audio':
    case 'video':
      return canCarry(content, capabilities) ? content : asText(content, capabilities)
    case 'composite':
      return transcodeComposite(content, capabilities)
    case 'template':
      return capabilities.templates === true || capabilities.content.includes('template')
        ? content
        : asText(content, capabilities)
    case 'edit':
      return transcodeEdit(content, capabilities)
    case 'delete':
      return capabilities.deletes === true || capabilities.content.includes('delete')
        ? content
        : asText(content, capabilities)
    case 'reaction':
      return capabilities.reactions === true || capabilities.content.includes('reaction') ? content : null
    case 'location':
    case 'redacted':
      return capabilities.content.includes(content.type) ? content : asText(content, capabilities)
    case 'toolCall':
    case 'system':
    case 'note':
    case 'dtmf':
      // These are never said in the place of a person; a channel shows them or does not get them.
      return capabilities.content.includes(content.type) ? content : null
    default:
      return assertNever(content)
  }
}

type Of<T extends Content['type']> = Extract<Content, { type: T }>

function asText(content: Content, capabilities: ChannelCapabilities): Content | null {
  const text = plainText(content)
  return text === null ? null : toText({ type: 'text', text }, capabilities)
}

function toText(content: Of<'text'>, { content: types }: ChannelCapabilities): Content | null {
  if (types.includes('text')) return content
  return types.includes('rich')
    ? { type: 'rich', body: content.text, format: 'markdown', plainText: content.text }
    : null
}

/** What content says in plain words; null where it says nothing that text could carry. */
export function plainText(content: Content): string | null {
  switch (content.type) {
    case 'text':
      return content.text
    case 'rich':
      return [
        content.plainText ?? withoutMarkup(content),
        ...(content.buttons ?? []).map(buttonLine),
        ...(content.quickReplies ?? []).map(bullet),
      ]
        .filter((line) => line !== '')
        .join('\n')
    case 'media':
      return [content.caption ?? '', link(content.filename ?? kindOf(content.mimeType), content.url)]
        .filter((line) => line !== '')
        .join('\n')
    case 'audio':
      return content.transcript ?? link(withSeconds('audio', content.durationMs), content.url)
    case 'video':
      return link(withSeconds('video', content.durationMs), content.url)
    case 'location':
      return [content.label, content.address, `${content.latitude}, ${content.longitude}`]
        .filter((part) => part !== undefined)
        .join('\n')
    case 'composite': {
      const lines = content.parts.map(plainText).filter((line) => line !== null)
      return lines.length === 0 ? null : lines.join('\n')
    }
    case 'template':
      return content.text ?? null
    case 'edit': {
      const text = plainText(content.content)
      return text === null ? null : `Correction: ${text}`
    }
    case 'delete':
    case 'redacted':
      return 'A message was removed.'
    case 'reaction':
    case 'toolCall':
    case 'system':
    case 'note':
    case 'dtmf':
      return null
    default:
      return assertNever(content)
  }
}

function fitButtons(content: Of<'rich'>, { buttons: showsButtons, maxButtons }: ChannelCapabilities): Content {
  const { buttons, ...rest } = content
  if (buttons === undefined) return content
  const shown = showsButtons === true ? (maxButtons ?? buttons.length) : 0
  if (buttons.length <= shown) return content
  const lines = buttons
    .slice(shown)
    .map(buttonLine)
    .filter((line) => line !== '')
  const plain = content.plainText === undefined ? {} : { plainText: [content.plainText, ...lines].join('\n') }
  const body = [rest.body, ...lines].join(content.format === 'html' ? '<br>' : '\n\n')
  return { ...rest, body, ...plain, ...(shown === 0 ? {} : { buttons: buttons.slice(0, shown) }) }
}

function canCarry(content: Of<'media' | 'audio' | 'video'>, capabilities: ChannelCapabilities): boolean {
  if (!capabilities.content.includes(content.type)) return false
  const { mimeTypes, maxMediaBytes } = capabilities
  if (mimeTypes !== undefined && !mimeTypes.some((pattern) => fitsMimeType(content.mimeType, pattern))) return false
  const bytes = content.type === 'media' ? content.sizeBytes : undefined
  return maxMediaBytes === undefined || bytes === undefined || bytes <= maxMediaBytes
}

function fitsMimeType(mimeType: string, pattern: string): boolean {
  return pattern.endsWith('/*') ? mimeType.startsWith(pattern.slice(0, -1)) : mimeType === pattern
}

function transcodeComposite(content: Of<'composite'>, capabilities: ChannelCapabilities): Content | null {
  if (!capabilities.content.includes('composite')) return asText(content, capabilities)
  const parts = content.parts.map((part) => transcode(part, capabilities)).filter((part) => part !== null)
  if (parts.length === 0) return null
  const isUnchanged =
    parts.length === content.parts.length && parts.every((part, index) => part === content.parts[index])
  return isUnchanged ? content : { type: 'composite', parts }
}

function transcodeEdit(content: Of<'edit'>, capabilities: ChannelCapabilities): Content | null {
  if (capabilities.edits !== true && !capabilities.content.includes('edit')) return asText(content, capabilities)
  const inner = transcode(content.content, capabilities)
  if (inner === null || inner === content.content) return inner === null ? null : content
  return { ...content, content: inner }
}

function withoutMarkup({ body, format }: Of<'rich'>): string {
  return format === 'html' ? htmlToText(body) : markdownToText(body)
}

const entities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'", nbsp: ' ' }

function htmlToText(html: string): string {
  return html
    .replace(/<(script|style)\b[\s\S]*?(<\/\1\s*>|$)/gi, '')
    .replace(/<br\s*\/?>|<\/(p|div|li|h[1-6]|tr)\s*>/gi, '\n')
    .replace(/<[^<>]*>/g, '')
    .replace(/&(amp|lt|gt|quot|#39|nbsp);/g, (whole, name: string) => entities[name] ?? whole)
    .replace(/[ \t]+\n/g, '\n')
    .trim()
}

function markdownToText(markdown: string): string {
  return markdown
    .replace(/^```[^\n]*$/gm, '')
    .replace(/!?\[([^\][]*)\]\(([^()\s]*)\)/g, (_whole, label: string, url: string) =>
      label === '' ? url : `${label} (${url})`,
    )
    .replace(/^#{1,6}\s+/gm, '')
    .replace(/^>\s?/gm, '')
    .replace(/(\*\*|__)(?=\S)([^\n]*?\S)\1/g, '$2')
    .replace(/(?<![\w*])[*_](?=\S)([^\n*_]*\S)[*_](?![\w*])/g, '$1')
    .replace(/`([^`\n]+)`/g, '$1')
    .trim()
}

function buttonLine(button: Json): string {
  if (typeof button === 'string') return bullet(button)
  if (typeof button !== 'object' || button === null || Array.isArray(button)) return ''
  const label = button['label'] ?? button['text'] ?? button['title']
  if (typeof label !== 'string') return ''
  return bullet(typeof button['url'] === 'string' ? `${label}: ${button['url']}` : label)
}

function bullet(text: string): string {
  return `- ${text}`
}

function kindOf(mimeType: string): string {
  const [kind = ''] = mimeType.split('/')
  return kind === 'image' || kind === 'audio' || kind === 'video' ? kind : 'file'
}

function withSeconds(label: string, durationMs: number | undefined): string {
  return durationMs === undefined ? label : `${label}, ${Math.round(durationMs / 1_000)} s`
}

/** A data: address is no link that a person could follow. */
function link(label: string, url: string): string {
  return url.startsWith('data:') ? `[${label}]` : `[${label}] ${url}`
}
