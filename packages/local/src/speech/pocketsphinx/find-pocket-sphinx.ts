import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { ParleyError } from '@parley/spec'

/** Where the recognizer and its English model are. */
export interface PocketSphinx {
  binary: string
  /** Folder of the acoustic model. */
  acousticModel: string
  dictionary: string
  languageModel: string
}

/** Where to look. */
export interface FindPocketSphinxOptions {
  /** @default found on `PATH` */
  binary?: string
  /** Folder of the English model. @default where the packages of Debian put it */
  modelDir?: string
  /** @default the environment of the process */
  environment?: Readonly<Record<string, string | undefined>>
}

const DEBIAN_MODEL = '/usr/share/pocketsphinx/model/en-us'

/** Looks for the recognizer; `undefined` when it or its model is not there. */
export function findPocketSphinx({
  binary,
  modelDir = DEBIAN_MODEL,
  environment = process.env,
}: FindPocketSphinxOptions = {}): PocketSphinx | undefined {
  const folders = (environment['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '')
  const candidates = binary === undefined ? folders.map((folder) => join(folder, 'pocketsphinx_continuous')) : [binary]
  const found = candidates.find((path) => isUsable(path, constants.X_OK))
  if (found === undefined) return undefined
  const sphinx: PocketSphinx = {
    binary: found,
    acousticModel: join(modelDir, 'en-us'),
    dictionary: join(modelDir, 'cmudict-en-us.dict'),
    languageModel: join(modelDir, 'en-us.lm.bin'),
  }
  const { acousticModel, dictionary, languageModel } = sphinx
  return [acousticModel, dictionary, languageModel].every((path) => isUsable(path, constants.R_OK)) ? sphinx : undefined
}

/** The error for a machine without it, with the line that installs it. */
export function pocketSphinxMissing(): ParleyError {
  return new ParleyError({
    code: 'speech_engine_missing',
    message:
      'PocketSphinx or its English model is not installed. Install it with "apt-get install pocketsphinx pocketsphinx-en-us".',
    details: { engine: 'pocketsphinx', install: 'apt-get install pocketsphinx pocketsphinx-en-us' },
  })
}

function isUsable(path: string, mode: number): boolean {
  try {
    accessSync(path, mode)
    return true
  } catch {
    return false // absent or not readable: the next candidate is tried
  }
}
