import { mkdtemp, mkdir, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { staticApp } from './static-app.ts'

let root = ''
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'static-app-'))
  await mkdir(join(root, 'app/assets'), { recursive: true })
  await writeFile(join(root, 'app/index.html'), '<!doctype html><title>app</title>')
  await writeFile(join(root, 'app/assets/main-B2x9Kq81.js'), 'export {}')
  await writeFile(join(root, 'app/.env'), 'SECRET=1')
  await writeFile(join(root, 'secret.txt'), 'secret')
  await symlink(join(root, 'secret.txt'), join(root, 'app/link.txt'))
})
afterAll(() => rm(root, { recursive: true }))

const get = (path: string, headers: Record<string, string> = {}) =>
  staticApp(join(root, 'app'), { basePath: '/desk' }).fetch(new Request(`http://localhost${path}`, { headers }), {
    authenticate: () => Promise.reject(new Error('Pages are for anybody.')),
  })

test('files come with their type, pages with a policy that allows no inline script', async () => {
  const script = await get('/desk/assets/main-B2x9Kq81.js')
  expect(script?.headers.get('content-type')).toBe('text/javascript; charset=utf-8')
  expect(script?.headers.get('cache-control')).toContain('immutable')
  for (const path of ['/desk', '/desk/', '/desk/index.html', '/desk/rooms/42']) {
    const page = await get(path)
    expect(await page?.text()).toContain('<title>app')
    expect(page?.headers.get('cache-control')).toBe('no-cache')
    expect(page?.headers.get('content-security-policy')).toMatch(/script-src 'self' 'wasm-unsafe-eval';/)
  }
  expect(() => staticApp(root, { csp: "script-src 'self' 'unsafe-inline'" })).toThrow(
    expect.objectContaining({ code: 'invalid_options' }),
  )
})

test('nothing outside the folder is read, nor what is hidden or missing', async () => {
  const paths = [
    '/desk/../secret.txt',
    '/desk/%2e%2e/secret.txt',
    '/desk/..%2fsecret.txt',
    '/desk/..%5csecret.txt',
    '/desk/link.txt',
    '/desk/.env',
    '/desk/%00',
    '/desk/%',
    '/desk/missing.js',
    '/deskx',
    '/other',
  ]
  for (const path of paths) expect([path, await get(path)]).toEqual([path, null])
})

test('an unchanged file is not sent again', async () => {
  const etag = (await get('/desk/'))?.headers.get('etag') ?? ''
  const again = await get('/desk/', { 'if-none-match': etag })
  expect([again?.status, await again?.text()]).toEqual([304, ''])
})
