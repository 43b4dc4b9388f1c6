import { mkdir, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { cliFixture, type CliFixture } from '../__fixtures__/cli-fixture.ts'
import { checkPathText, findNamed, resolveInside, workflowExtensions } from './resolve-inside.ts'

function options(
  { cwd }: CliFixture,
  allowed: string[] = [],
): { cwd: string; allowed: string[]; extensions: readonly string[] } {
  return { cwd: join(cwd, 'work'), allowed, extensions: workflowExtensions }
}

async function layout(): Promise<CliFixture> {
  const fixture = await cliFixture({
    'work/a.yaml': 'name: a',
    'work/deep/b.ts': 'export {}',
    'work/notes.txt': '',
    'secret/s.yaml': 'name: s',
    'secret/plain.txt': '',
    'other/c.json': '{}',
  })
  return fixture
}

describe('S13 paths of the command line', () => {
  test.each([
    ['../secret/s.yaml', '".."'],
    ['deep/../a.yaml', '".."'],
    ['a..yaml', '".."'],
    ['a.yaml\0.png', 'NUL'],
    ['file:///etc/passwd.yaml', 'URL'],
    ['https://example.com/w.yaml', 'URL'],
    ['data:text/javascript,1', 'URL'],
    ['node:fs', 'URL'],
    ['  ', 'empty'],
  ])('S13 %j is refused before the file system is asked', (argument, reason) => {
    expect(() => checkPathText(argument)).toThrow(expect.objectContaining({ code: 'path_refused' }))
    expect(() => checkPathText(argument)).toThrow(reason)
  })

  test('S13 a file inside the working directory is given as its real path', async () => {
    await using fixture = await layout()
    expect(await resolveInside('a.yaml', options(fixture))).toBe(join(fixture.cwd, 'work/a.yaml'))
    expect(await resolveInside('deep/b.ts', options(fixture))).toBe(join(fixture.cwd, 'work/deep/b.ts'))
    expect(await resolveInside(join(fixture.cwd, 'work/a.yaml'), options(fixture))).toBe(
      join(fixture.cwd, 'work/a.yaml'),
    )
  })

  test('S13 a file outside is refused, unless its directory is allowed', async () => {
    await using fixture = await layout()
    const file = join(fixture.cwd, 'other/c.json')
    await expect(resolveInside(file, options(fixture))).rejects.toMatchObject({ code: 'path_refused' })
    expect(await resolveInside(file, options(fixture, [join(fixture.cwd, 'other')]))).toBe(file)
    // A directory whose name only begins alike is another one.
    await fixture.write({ 'work-not/d.yaml': '' })
    await expect(resolveInside(join(fixture.cwd, 'work-not/d.yaml'), options(fixture))).rejects.toMatchObject({
      code: 'path_refused',
    })
  })

  test('S13 links are resolved first: one that leads out is refused, one that stays inside is not', async () => {
    await using fixture = await layout()
    await symlink(join(fixture.cwd, 'secret/s.yaml'), join(fixture.cwd, 'work/link.yaml'))
    await symlink(join(fixture.cwd, 'secret'), join(fixture.cwd, 'work/folder'))
    await symlink(join(fixture.cwd, 'work/a.yaml'), join(fixture.cwd, 'work/inside.yaml'))
    await expect(resolveInside('link.yaml', options(fixture))).rejects.toMatchObject({ code: 'path_refused' })
    await expect(resolveInside('folder/s.yaml', options(fixture))).rejects.toMatchObject({ code: 'path_refused' })
    expect(await resolveInside('inside.yaml', options(fixture))).toBe(join(fixture.cwd, 'work/a.yaml'))
  })

  test('S13 the extension of the real file counts, not that of a link to it', async () => {
    await using fixture = await layout()
    await symlink(join(fixture.cwd, 'work/notes.txt'), join(fixture.cwd, 'work/notes.yaml'))
    await expect(resolveInside('notes.yaml', options(fixture))).rejects.toThrow(/extension/)
    await expect(resolveInside('notes.txt', options(fixture))).rejects.toThrow(/extension/)
  })

  test('S13 a working directory that is a link itself is no way out and no obstacle', async () => {
    await using fixture = await layout()
    await symlink(join(fixture.cwd, 'work'), join(fixture.cwd, 'here'))
    const linked = { ...options(fixture), cwd: join(fixture.cwd, 'here') }
    expect(await resolveInside('a.yaml', linked)).toBe(join(fixture.cwd, 'work/a.yaml'))
  })

  test('S13 what does not exist is no file inside, and refused outside, so nobody learns what is there', async () => {
    await using fixture = await layout()
    expect(await resolveInside('none.yaml', options(fixture))).toBeUndefined()
    expect(await resolveInside('a.yaml/none.yaml', options(fixture))).toBeUndefined()
    await expect(resolveInside('/nowhere/none.yaml', options(fixture))).rejects.toMatchObject({ code: 'path_refused' })
    await mkdir(join(fixture.cwd, 'work/dir.yaml'))
    await expect(resolveInside('dir.yaml', options(fixture))).rejects.toThrow(/no file/)
  })

  test('S13 every extension that a workflow may have is taken', async () => {
    await using fixture = await layout()
    expect(workflowExtensions).toEqual(['.ts', '.mts', '.js', '.mjs', '.json', '.yaml', '.yml'])
    for (const ending of workflowExtensions) {
      await fixture.write({ [`work/x${ending}`]: '' })
      expect(await resolveInside(`x${ending}`, options(fixture))).toBeDefined()
    }
    await fixture.write({ 'work/x.cjs': '' })
    await expect(resolveInside('x.cjs', options(fixture))).rejects.toMatchObject({ code: 'path_refused' })
  })

  test('S13 a name is looked for in the working directory, then in those allowed, dots as folders too', async () => {
    await using fixture = await layout()
    const allowed = [join(fixture.cwd, 'other')]
    expect(await findNamed('a', options(fixture))).toBe(join(fixture.cwd, 'work/a.yaml'))
    expect(await findNamed('deep.b', options(fixture))).toBe(join(fixture.cwd, 'work/deep/b.ts'))
    expect(await findNamed('c', options(fixture, allowed))).toBe(join(fixture.cwd, 'other/c.json'))
    expect(await findNamed('s', options(fixture, allowed))).toBeUndefined()
  })

  test('S13 whatever is given, what comes out lies inside', async () => {
    await using fixture = await layout()
    const part = fc.constantFrom(
      '..',
      '.',
      '',
      '/',
      'deep',
      'b.ts',
      'a.yaml',
      'secret',
      's.yaml',
      fixture.cwd,
      '\\',
      '%2e%2e',
      '~',
    )
    await fc.assert(
      fc.asyncProperty(fc.array(part, { maxLength: 6 }), async (parts) => {
        const found = await resolveInside(parts.join('/'), options(fixture)).catch(() => undefined)
        if (found !== undefined) expect(found.startsWith(join(fixture.cwd, 'work/'))).toBe(true)
      }),
    )
  })
})
