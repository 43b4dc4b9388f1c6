import type { OrchestrationSpec } from '@parley/spec'
import { jsonEqual } from '../../store/json-equal.ts'
import { toSpec, type OrchestrationDefinition, type RestoreDefinition } from './definition.ts'

/** A registered definition with the version new rooms get. */
export interface RegisteredDefinition {
  definition: OrchestrationDefinition
  version: number
}

/** The definitions of a kit, by id. Rooms refer to them; functions are found through them after a restart. */
export class Orchestrations {
  readonly #byId = new Map<string, RegisteredDefinition[]>()
  readonly #kinds = new Map<string, RestoreDefinition>()
  readonly #listeners = new Set<() => void>()

  /**
   * Registers a definition; a changed one of the same id gets the next version unless one is given. Gives the version.
   */
  register(definition: OrchestrationDefinition, options: { version?: number } = {}): number {
    const versions = this.#byId.get(definition.id) ?? []
    const same = versions.find((entry) => isEqual(entry.definition, definition))
    if (same !== undefined) {
      same.definition = definition
      if (options.version !== undefined) same.version = options.version
      this.#changed()
      return same.version
    }
    const version = options.version ?? (versions.at(-1)?.version ?? 0) + 1
    this.#byId.set(
      definition.id,
      [...versions, { definition, version }].toSorted((one, other) => one.version - other.version),
    )
    this.#changed()
    return version
  }

  /** The newest definition of an id, or one version of it. */
  get(id: string, version?: number): OrchestrationDefinition | undefined {
    const versions = this.#byId.get(id)
    const entry =
      version === undefined ? versions?.at(-1) : versions?.find((candidate) => candidate.version === version)
    return entry?.definition
  }

  /** What a new room would store. */
  specOf(id: string): OrchestrationSpec | undefined {
    const newest = this.#byId.get(id)?.at(-1)
    return newest === undefined ? undefined : toSpec(newest.definition, newest.version)
  }

  /** All definitions with their versions. */
  list(): RegisteredDefinition[] {
    return [...this.#byId.values()].flat().map((entry) => ({ ...entry }))
  }

  /** Teaches the kit to build definitions of a kind from what rooms stored. */
  registerKind(kind: OrchestrationSpec['kind'], restore: RestoreDefinition): void {
    this.#kinds.set(kind, restore)
    this.#changed()
  }

  restorerOf(kind: OrchestrationSpec['kind']): RestoreDefinition | undefined {
    return this.#kinds.get(kind)
  }

  /**
   * A room was seen with an older definition of this id: what this process registered is newer than that.
   */
  sawVersion(stored: OrchestrationSpec): void {
    const newest = this.#byId.get(stored.id)?.at(-1)
    if (newest !== undefined && newest.version <= stored.version && !jsonEqual(newest.definition.spec, stored.spec)) {
      newest.version = stored.version + 1
    }
  }

  /** Called after each change. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  #changed(): void {
    for (const listener of this.#listeners) listener()
  }
}

function isEqual(one: OrchestrationDefinition, other: OrchestrationDefinition): boolean {
  return one.kind === other.kind && jsonEqual(one.spec, other.spec)
}
