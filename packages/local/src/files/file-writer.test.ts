import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { fileWriter } from './file-writer.ts'

let folder = ''

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parley-log-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const run = { runId: 'run_1', workflow: 'triage report' }

test('workflows 12.4 a folder gets one file per run, and is made when it is missing', async () => {
  const writer = fileWriter(join(folder, 'deep/runs'))
  await writer.append(run, '{"a":1}')
  await writer.append({ ...run, runId: 'run_2' }, '{"b":1}')
  await writer.append(run, '{"a":2}')
  await writer.close(run)
  await writer.close({ ...run, runId: 'run_2' })
  expect((await readdir(join(folder, 'deep/runs'))).toSorted()).toEqual([
    'triage_report_run_1.jsonl',
    'triage_report_run_2.jsonl',
  ])
  expect(await readFile(join(folder, 'deep/runs/triage_report_run_1.jsonl'), 'utf8')).toBe('{"a":1}\n{"a":2}\n')
  expect((await stat(join(folder, 'deep/runs/triage_report_run_1.jsonl'))).mode & 0o077).toBe(0)
})

test('workflows 12.4 a path with an extension is one file for all runs, and lines of runs at once stay whole', async () => {
  const writer = fileWriter(join(folder, 'runs/output.jsonl'))
  const runs = Array.from({ length: 5 }, (_, index) => ({ ...run, runId: `run_${index}` }))
  await Promise.all(
    runs.flatMap((one) =>
      Array.from({ length: 20 }, (_, line) => writer.append(one, JSON.stringify({ run: one.runId, line }))),
    ),
  )
  for (const one of runs) await writer.close(one)
  const lines = (await readFile(join(folder, 'runs/output.jsonl'), 'utf8')).trimEnd().split('\n')
  expect(lines).toHaveLength(100)
  for (const one of runs) {
    const own = lines
      .map((line): { run: string; line: number } => JSON.parse(line))
      .filter((line) => line.run === one.runId)
    expect(own.map(({ line }) => line)).toEqual(Array.from({ length: 20 }, (_, line) => line))
  }
})

test('workflows 12.4 a folder that exists may have a name like a file, and a closed file is opened again', async () => {
  await mkdir(join(folder, 'logs.v1'))
  const writer = fileWriter(join(folder, 'logs.v1'))
  await writer.append(run, 'one')
  expect(await readFile(join(folder, 'logs.v1/triage_report_run_1.jsonl'), 'utf8')).toBe('one\n')
  await writer.close(run)
  await writer.close(run)
  await writer.append(run, 'two')
  await writer.close(run)
  expect(await readFile(join(folder, 'logs.v1/triage_report_run_1.jsonl'), 'utf8')).toBe('one\ntwo\n')
})

test('workflows 12.4 a whole log is put in place at once, and leaves nothing behind when it cannot be', async () => {
  const writer = fileWriter(`${folder}/`)
  await writer.replace(run, 'old')
  await writer.replace(run, 'new')
  expect(await readFile(join(folder, 'triage_report_run_1.json'), 'utf8')).toBe('new')
  expect(await readdir(folder)).toEqual(['triage_report_run_1.json'])
  await mkdir(join(folder, 'triage_report_run_2.json'))
  await expect(writer.replace({ ...run, runId: 'run_2' }, 'text')).rejects.toThrow()
  expect((await readdir(folder)).toSorted()).toEqual(['triage_report_run_1.json', 'triage_report_run_2.json'])
})

test('S9 names that lead out of the folder are refused by every operation, and what is odd becomes a plain name', async () => {
  const writer = fileWriter(folder)
  for (const name of ['../up', '/etc/passwd', 'C:\\x', 'a\0b', '\\\\host\\share', '']) {
    for (const bad of [
      { ...run, workflow: name },
      { ...run, runId: name },
    ]) {
      expect(() => writer.check(bad, 'jsonl'), name).toThrow(expect.objectContaining({ code: 'path_refused' }))
      await expect(writer.append(bad, 'x')).rejects.toMatchObject({ code: 'path_refused' })
      await expect(writer.replace(bad, 'x')).rejects.toMatchObject({ code: 'path_refused' })
    }
  }
  expect(() => writer.check(run, 'json')).not.toThrow()
  await writer.append({ workflow: 'a/b:c', runId: 'x'.repeat(300) }, 'x')
  const [name = ''] = await readdir(folder)
  expect(name).toBe(`a_b_c_${'x'.repeat(100)}.jsonl`)
})

test('workflows 12.4 a log that cannot be written says so, and later lines are tried again', async () => {
  await writeFile(join(folder, 'file'), '')
  const writer = fileWriter(join(folder, 'file/runs/'))
  await expect(writer.append(run, 'one')).rejects.toThrow()
  await rm(join(folder, 'file'))
  await writer.append(run, 'two')
  await writer.close(run)
  expect(await readFile(join(folder, 'file/runs/triage_report_run_1.jsonl'), 'utf8')).toBe('two\n')
})
