import type { AnyTool, TurnContext } from '@parley/spec'

/** Skills as an agent uses them; made by `skills(loader)`. */
export interface SkillSource {
  /** Loads what the turn needs to know; called once per turn. */
  open(context: TurnContext): Promise<OpenSkills>
}

/** The skills of one agent in one room, for one turn. */
export interface OpenSkills {
  /** Names and descriptions, and the bodies of active skills. */
  promptText(): string
  /** `activate_skill`, and the tools of active skills. */
  tools(): Promise<AnyTool[]>
}
