/** One skill as its loader found it. */
export interface SkillFile {
  /** The name of its folder, for messages. */
  folder: string
  /** The text of `SKILL.md`. */
  text: string
}

/** Finds skills and reads what belongs to them; `folderLoader` of `local/files` is one. */
export interface SkillLoader {
  list(): Promise<SkillFile[]>
  /**
   * Reads a file of a skill's folder, after resolving links. Rejects with `path_outside` for what is not in the folder.
   */
  readFile?(folder: string, path: string): Promise<string>
}

/** Runs a script of a skill; without one, scripts are not run. */
export type ScriptRunner = (
  script: { folder: string; path: string; arguments: string[] },
  options: { signal: AbortSignal; idempotencyKey: string },
) => Promise<string>
