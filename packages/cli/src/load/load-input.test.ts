import { symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { cliFixture } from '../__fixtures__/cli-fixture.ts'
import { loadInput } from './load-input.ts'

test('S12 input is a JSON object and nothing else', async () => {
  const options = { cwd: '/', allowed: [] }
  expect(await loadInput('{"a":[1,null]}', options)).toEqual({ a: [1, null] })
  expect(await loadInput(undefined, options)).toEqual({})
  for (const text of [
    '[1]',
    '1',
    'null',
    '"text"',
    '{a:1}',
    "{'a':1}",
    '',
    'process.exit()',
    '{"a":NaN}',
    'undefined',
  ]) {
    await expect(loadInput(text, options), text).rejects.toMatchObject({ code: 'invalid_options' })
  }
  const input = await loadInput('{"__proto__":{"polluted":true}}', options)
  expect(Object.getPrototypeOf(input)).toBe(Object.prototype)
  expect(({} as { polluted?: boolean }).polluted).toBeUndefined()
})

test('S12 S13 input may be a .json file inside the allowed directories', async () => {
  await using fixture = await cliFixture({
    'work/in.json': '{"a":1}',
    'work/list.json': '[]',
    'work/in.yaml': 'a: 1',
    'other/out.json': '{"b":2}',
  })
  const options = { cwd: join(fixture.cwd, 'work'), allowed: [] }
  expect(await loadInput('@in.json', options)).toEqual({ a: 1 })
  await expect(loadInput('@list.json', options)).rejects.toMatchObject({ code: 'invalid_options' })
  await expect(loadInput('@in.yaml', options)).rejects.toMatchObject({ code: 'path_refused' })
  await expect(loadInput('@none.json', options)).rejects.toMatchObject({ code: 'document_unknown' })
  await expect(loadInput('@../other/out.json', options)).rejects.toMatchObject({ code: 'path_refused' })
  await symlink(join(fixture.cwd, 'other/out.json'), join(fixture.cwd, 'work/link.json'))
  await expect(loadInput('@link.json', options)).rejects.toMatchObject({ code: 'path_refused' })
  const other = { ...options, allowed: [join(fixture.cwd, 'other')] }
  expect(await loadInput(`@${join(fixture.cwd, 'other/out.json')}`, other)).toEqual({ b: 2 })
})
