import type { Step } from '../builder/step.ts'
import type { Validator } from '../contracts/validator.ts'
import type { WorkflowSource } from '../engine/engine.ts'

/** What an extension says of itself, as it may be shown. */
export interface ExtensionManifest {
  name: string
  version: string
  description: string
}

/** Makes a part of an extension; what the options are is the extension's to say and to check. */
export type PartFactory<Part> = (options?: unknown) => Part

/** What an extension brings, by name. */
export interface ExtensionParts {
  steps?: { [name: string]: PartFactory<Step> }
  validators?: { [name: string]: PartFactory<Validator> }
  workflows?: { [name: string]: PartFactory<WorkflowSource> }
}

/** Factories of steps, validators and workflows that somebody else has written. */
export interface Extension extends ExtensionManifest {
  /** Called when it is loaded, once; code of the extension belongs in here, such as an `import()`. */
  load: () => ExtensionParts | Promise<ExtensionParts>
}
