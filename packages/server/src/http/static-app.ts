import { createHash } from 'node:crypto'
import { open, realpath } from 'node:fs/promises'
import { extname, join, sep } from 'node:path'
import { ParleyError } from '@parley/spec'
import type { Mount } from '../server-options.ts'

const typeOfExtension: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.ico': 'image/x-icon',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.map': 'application/json',
  '.mjs': 'text/javascript; charset=utf-8',
  '.mp3': 'audio/mpeg',
  '.onnx': 'application/octet-stream',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
  '.wasm': 'application/wasm',
  '.wav': 'audio/wav',
  '.webmanifest': 'application/manifest+json',
  '.webp': 'image/webp',
  '.woff2': 'font/woff2',
}

/** What pages may load and connect to, unless told otherwise: their own origin, no inline scripts. */
export const defaultPagePolicy: string =
  "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; worker-src 'self' blob:; connect-src 'self' ws: wss:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

/** How a built app is served. */
export interface StaticAppOptions {
  /** What its addresses begin with, such as `/desk`. @default '/' */
  basePath?: string
  /** The content security policy of its pages. @default `defaultPagePolicy` */
  csp?: string
}

/**
 * Serves the folder of a built single-page app: files by their path, `index.html` for every other address without an
 * extension. Files with a hash in their name are kept by browsers for a year, others are asked for again with an ETag.
 * Nothing outside the folder is ever read, links included.
 * @throws {ParleyError} `invalid_options` for a policy that allows inline scripts
 */
export function staticApp(folder: string, { basePath = '/', csp = defaultPagePolicy }: StaticAppOptions = {}): Mount {
  if (/script-src[^;]*'unsafe-inline'/.test(csp)) {
    throw new ParleyError({
      code: 'invalid_options',
      message: "A page's policy must not allow inline scripts.",
      details: { path: 'csp', expected: "no 'unsafe-inline' for scripts" },
    })
  }
  const prefix = basePath.replace(/\/+$/, '')
  return {
    path: basePath,
    async fetch(request) {
      if (request.method !== 'GET' && request.method !== 'HEAD') return null
      const path = innerPath(new URL(request.url).pathname, prefix)
      if (path === undefined) return null
      const isPage = extname(path) === ''
      const file = (await readInside(folder, path)) ?? (isPage ? await readInside(folder, '/index.html') : undefined)
      return file === undefined ? null : fileResponse(request, file, csp)
    },
  }
}

interface StaticFile {
  name: string
  bytes: Uint8Array<ArrayBuffer>
}

function innerPath(pathname: string, prefix: string): string | undefined {
  if (pathname !== prefix && !pathname.startsWith(`${prefix}/`)) return undefined
  let path: string
  try {
    path = decodeURIComponent(pathname.slice(prefix.length))
  } catch {
    return undefined // an escape that is none names no file
  }
  // A page that keeps hidden files beside it must not publish them.
  if (path.includes('\0') || path.split(/[/\\]/).some((part) => part.startsWith('.'))) return undefined
  return path === '' || path.endsWith('/') ? `${path}/index.html`.replace('//', '/') : path
}

async function readInside(folder: string, path: string): Promise<StaticFile | undefined> {
  try {
    const root = await realpath(folder)
    const name = await realpath(join(root, path))
    if (!name.startsWith(root + sep)) return undefined
    await using handle = await open(name, 'r')
    if (!(await handle.stat()).isFile()) return undefined
    return { name, bytes: new Uint8Array(await handle.readFile()) }
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'EISDIR' || code === 'ENAMETOOLONG') return undefined
    throw error
  }
}

function fileResponse(request: Request, { name, bytes }: StaticFile, csp: string): Response {
  const etag = `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 27)}"`
  const isHashed = /[-.][A-Za-z0-9_-]{8,}\.\w+$/.test(name) && extname(name) !== '.html'
  const headers = new Headers({
    'content-type': typeOfExtension[extname(name).toLowerCase()] ?? 'application/octet-stream',
    'cache-control': isHashed ? 'public, max-age=31536000, immutable' : 'no-cache',
    'content-security-policy': csp,
    etag,
  })
  if (request.headers.get('if-none-match')?.split(/,\s*/).includes(etag) === true) {
    return new Response(null, { status: 304, headers })
  }
  headers.set('content-length', String(bytes.byteLength))
  return new Response(request.method === 'HEAD' ? null : bytes, { headers })
}
