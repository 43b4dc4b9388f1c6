import { mkdir, open, rm } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { ParleyError } from '@parley/spec'
import type { RecordingFile, RecordingFileInfo, RecordingSink } from '@parley/spec'

/** How many names are tried for a recording whose name is taken. */
const MAX_TRIES = 1_000

/**
 * Keeps recordings as files of a folder, which is made when the first one begins. Bytes are on the disk when `write`
 * settles, and a WAV header that gives no length stands before them, so a crash leaves a file that can be read. The
 * receipt names the file, not the folder.
 * @param folder - only this process's user can read what is made in it
 * @throws {ParleyError} from `create`: `invalid_options` for a name with other characters than letters, digits, `-`,
 * `_` and `.`
 */
export function folderRecordings(folder: string): RecordingSink {
  return Object.freeze({
    async create({ name }: RecordingFileInfo): Promise<RecordingFile> {
      if (!/^[A-Za-z0-9_-][A-Za-z0-9._-]*$/.test(name)) {
        throw new ParleyError({
          code: 'invalid_options',
          message: 'The name of a recording may have letters, digits, "-", "_" and "." only.',
          details: { path: 'name', expected: '[A-Za-z0-9._-]' },
        })
      }
      await mkdir(folder, { recursive: true, mode: 0o700 })
      const { handle, taken } = await createFile(folder, name)
      return toRecordingFile(handle, folder, taken)
    },
  })
}

async function createFile(folder: string, name: string): Promise<{ handle: FileHandle; taken: string }> {
  const dot = name.lastIndexOf('.')
  const [stem, ending] = dot > 0 ? [name.slice(0, dot), name.slice(dot)] : [name, '']
  for (let count = 1; ; count++) {
    const taken = count === 1 ? name : `${stem}-${count}${ending}`
    try {
      return { handle: await open(join(folder, taken), 'wx', 0o600), taken }
    } catch (error) {
      const isTaken = error instanceof Error && 'code' in error && error.code === 'EEXIST'
      if (!isTaken || count >= MAX_TRIES) throw error
    }
  }
}

function toRecordingFile(handle: FileHandle, folder: string, name: string): RecordingFile {
  let length = 0
  let isClosed = false

  const writeAll = async (bytes: Uint8Array, position: number): Promise<void> => {
    let written = 0
    while (written < bytes.length) {
      const { bytesWritten } = await handle.write(bytes, written, bytes.length - written, position + written)
      written += bytesWritten
    }
  }
  const close = async (): Promise<void> => {
    if (isClosed) return
    isClosed = true
    await handle.close()
  }

  return {
    async write(bytes) {
      const position = length
      length += bytes.length
      await writeAll(bytes, position)
      await handle.datasync()
    },
    patch: (offset, bytes) => writeAll(bytes, offset),
    async close() {
      if (!isClosed) await handle.sync()
      await close()
      return { where: name }
    },
    async discard() {
      await close()
      await rm(join(folder, name), { force: true })
    },
  }
}
