import { ParleyError } from '@parley/spec'
import { readFrontmatter, type Frontmatter } from './read-frontmatter.ts'
import type { SkillLoader } from './skill-loader.ts'

/** A skill ready for use. */
export interface Skill extends Frontmatter {
  folder: string
}

/**
 * Reads all skills of a loader, or none.
 * @throws {ParleyError} `skill_invalid` with every fault of every skill
 */
export async function loadSkills(loader: SkillLoader): Promise<Map<string, Skill>> {
  const skills = new Map<string, Skill>()
  const faults: string[] = []
  for (const { folder, text } of await loader.list()) {
    const read = readFrontmatter(text)
    if (!read.ok) {
      faults.push(...read.faults.map((fault) => `${folder}: ${fault}`))
      continue
    }
    if (skills.has(read.value.name)) faults.push(`${folder}: the name "${read.value.name}" is taken by another skill`)
    skills.set(read.value.name, { ...read.value, folder })
  }
  if (faults.length === 0) return skills
  throw new ParleyError({
    code: 'skill_invalid',
    message: `Skills cannot be loaded. Correct: ${faults.join('; ')}.`,
    details: { faults },
  })
}
