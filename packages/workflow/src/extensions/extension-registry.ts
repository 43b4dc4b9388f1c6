import { ParleyError, checkOptions, nearestName, toParleyError } from '@parley/spec'
import type { Step } from '../builder/step.ts'
import type { Validator } from '../contracts/validator.ts'
import type { WorkflowSource } from '../engine/engine.ts'
import type { Extension, ExtensionManifest, PartFactory } from './extension.ts'
import { readManifest } from './read-manifest.ts'

/** The factories of an extension that was loaded, by name. */
export interface LoadedExtension {
  readonly manifest: ExtensionManifest
  readonly steps: ReadonlyMap<string, PartFactory<Step>>
  readonly validators: ReadonlyMap<string, PartFactory<Validator>>
  readonly workflows: ReadonlyMap<string, PartFactory<WorkflowSource>>
}

/** Extensions that were registered one by one: nothing is searched for, and nothing of them runs before it is loaded. */
export interface ExtensionRegistry {
  /** @throws {ParleyError} `invalid_options` for a manifest that cannot be read, or a name that is taken */
  register(extension: Extension): void
  /** What there is, by name, without running anything of it. */
  list(): ExtensionManifest[]
  /**
   * Runs the code of an extension, once, and gives its factories.
   * @throws {ParleyError} `unknown_reference` for one that was not registered, `import_refused` for one that cannot be
   * loaded, `invalid_options` for parts that are no factories
   */
  load(name: string): Promise<LoadedExtension>
}

const partNames = ['steps', 'validators', 'workflows'] as const

/** Makes a registry without extensions. */
export function createExtensionRegistry(): ExtensionRegistry {
  const known = new Map<string, { manifest: ExtensionManifest; load: Extension['load'] }>()
  const loaded = new Map<string, Promise<LoadedExtension>>()
  return {
    register(extension) {
      checkOptions('register', extension, ['name', 'version', 'description', 'load'])
      const manifest = readManifest(extension)
      const load: unknown = Object.getOwnPropertyDescriptor(extension, 'load')?.value
      if (typeof load !== 'function') throw wrong(manifest.name, 'load', 'it has no function "load"')
      if (known.has(manifest.name)) throw wrong(manifest.name, 'name', 'there is one of this name already')
      known.set(manifest.name, { manifest, load: () => extension.load() })
    },
    list: () =>
      [...known.values()]
        .map(({ manifest }) => ({ ...manifest }))
        .sort((one, other) => (one.name < other.name ? -1 : 1)),
    load(name) {
      const before = loaded.get(name)
      if (before !== undefined) return before
      const extension = known.get(name)
      if (extension === undefined) return Promise.reject(unknown(name, [...known.keys()]))
      const loading = loadParts(extension)
      loaded.set(name, loading)
      // What has failed may be tried again.
      loading.catch(() => loaded.delete(name))
      return loading
    },
  }
}

async function loadParts({
  manifest,
  load,
}: {
  manifest: ExtensionManifest
  load: Extension['load']
}): Promise<LoadedExtension> {
  let parts: Awaited<ReturnType<Extension['load']>>
  try {
    parts = await load()
  } catch (thrown) {
    throw toParleyError(thrown, {
      code: 'import_refused',
      message: `The extension "${manifest.name}" could not be loaded. Look at what it needs, or leave it out.`,
      details: { extension: manifest.name },
    })
  }
  checkOptions(`The extension "${manifest.name}"`, parts, partNames)
  return {
    manifest: { ...manifest },
    steps: factoriesOf(manifest.name, 'steps', parts.steps),
    validators: factoriesOf(manifest.name, 'validators', parts.validators),
    workflows: factoriesOf(manifest.name, 'workflows', parts.workflows),
  }
}

/** Own keys only: what a prototype has is no part. */
function factoriesOf<Part>(
  extension: string,
  kind: (typeof partNames)[number],
  parts: { [name: string]: PartFactory<Part> } = {},
): ReadonlyMap<string, PartFactory<Part>> {
  const entries = Object.entries(parts)
  for (const [name, factory] of entries)
    if (typeof factory !== 'function') throw wrong(extension, `${kind}.${name}`, `${kind}.${name} is no function`)
  return new Map(entries)
}

function wrong(extension: string, path: string, what: string): ParleyError {
  return new ParleyError({
    code: 'invalid_options',
    message: `The extension "${extension}" cannot be used: ${what}.`,
    details: { extension, path },
  })
}

function unknown(name: string, known: readonly string[]): ParleyError {
  const nearest = nearestName(name, known)
  const hint = nearest === undefined ? 'Register it first.' : `Did you mean "${nearest}"?`
  return new ParleyError({
    code: 'unknown_reference',
    message: `There is no extension "${name}". ${hint}`,
    details: { extension: name, known: [...known] },
  })
}
