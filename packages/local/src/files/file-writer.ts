import { existsSync, statSync } from 'node:fs'
import { mkdir, open, rename, rm, writeFile, type FileHandle } from 'node:fs/promises'
import { basename, dirname, extname, join, resolve, sep } from 'node:path'
import { ParleyError, toSafeFileName, type LogRun, type LogWriter } from '@parley/spec'

/**
 * Keeps run logs as files. A path with an extension is one file for all runs; a folder gets one file per run,
 * `<workflow>_<run>.jsonl` or `.json`. Folders are made when the first log is written, and only this process's user can
 * read what is made.
 * @param path - a file such as `runs/output.jsonl`, or a folder: it exists as one, ends with `/`, or has no extension
 * @throws {ParleyError} from `check` and the others: `path_refused` for a workflow whose name is no name of a file
 */
export function fileWriter(path: string): LogWriter {
  const isPerRun = isFolder(path)
  const handles = new Map<string, Promise<FileHandle>>()
  const queues = new Map<string, Promise<void>>()
  let parts = 0

  function pathOf({ runId, workflow }: LogRun, extension: string): string {
    if (!isPerRun) return resolve(path)
    const folder = resolve(path)
    const file = join(folder, `${toSafeFileName(workflow)}_${toSafeFileName(runId)}.${extension}`)
    // Names are safe by now; this holds whatever becomes of the rules for names.
    if (dirname(file) !== folder) throw outside()
    return file
  }

  /** One at a time per file, so that lines keep their order and stay whole. */
  function inTurn(file: string, work: () => Promise<void>): Promise<void> {
    const before = queues.get(file) ?? Promise.resolve()
    const done = before.then(work, work)
    queues.set(file, done)
    const forget = (): void => {
      if (queues.get(file) === done) queues.delete(file)
    }
    done.then(forget, forget)
    return done
  }

  async function handleOf(file: string): Promise<FileHandle> {
    const known = handles.get(file)
    if (known !== undefined) return known
    const opening = openForAppend(file)
    handles.set(file, opening)
    // A file that could not be opened is tried again with the next line.
    opening.catch(() => handles.delete(file))
    return opening
  }

  return Object.freeze({
    check(run: LogRun, extension: 'jsonl' | 'json'): void {
      pathOf(run, extension)
    },
    async append(run: LogRun, line: string): Promise<void> {
      const file = pathOf(run, 'jsonl')
      await inTurn(file, async () => {
        const handle = await handleOf(file)
        await handle.appendFile(`${line}\n`)
      })
    },
    async replace(run: LogRun, text: string): Promise<void> {
      const file = pathOf(run, 'json')
      await inTurn(file, async () => {
        await mkdir(dirname(file), { recursive: true, mode: 0o700 })
        parts += 1
        const part = join(dirname(file), `.${basename(file)}.${process.pid}.${parts}.part`)
        try {
          await writeFile(part, text, { mode: 0o600 })
          await rename(part, file)
        } catch (error) {
          await rm(part, { force: true })
          throw error
        }
      })
    },
    async close(run: LogRun): Promise<void> {
      const file = pathOf(run, 'jsonl')
      await inTurn(file, async () => {
        const handle = handles.get(file)
        handles.delete(file)
        await (await handle)?.close()
      })
    },
  })
}

async function openForAppend(file: string): Promise<FileHandle> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 })
  return open(file, 'a', 0o600)
}

function isFolder(path: string): boolean {
  if (path.endsWith('/') || path.endsWith(sep)) return true
  return existsSync(path) ? statSync(path).isDirectory() : extname(path) === ''
}

function outside(): ParleyError {
  return new ParleyError({
    code: 'path_refused',
    message: 'The name of a run leads out of the folder of its log. Give the workflow a name of letters and digits.',
  })
}
