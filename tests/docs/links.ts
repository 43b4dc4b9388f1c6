import { posix } from 'node:path'

const link = /\]\(([^)\s]+)\)/g

/** Names each relative link and image of a page that leads nowhere. */
export function brokenLinks(path: string, page: string, exists: (path: string) => boolean): string[] {
  const prose = page.replaceAll(/^```[\s\S]*?^```$/gm, '')
  return Array.from(prose.matchAll(link), (match) => match[1] ?? '')
    .filter((target) => !/^[a-z]+:|^#/.test(target))
    .filter((target) => !exists(posix.join(posix.dirname(path), target.replace(/#.*$/, ''))))
    .map((target) => `${path} links to ${target}, which does not exist`)
}
