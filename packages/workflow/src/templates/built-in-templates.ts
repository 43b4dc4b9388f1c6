import { analyze } from './analyze.ts'
import type { BuiltInTemplate } from './built-in-template.ts'
import { classify } from './classify.ts'
import { code } from './code.ts'
import { decide } from './decide.ts'
import { extract } from './extract.ts'
import { qa } from './qa.ts'
import { refactor } from './refactor.ts'
import { research } from './research.ts'
import { transform } from './transform.ts'
import { write } from './write.ts'

/** The workflows that come with the package, by name: load one with `loadDocument`. */
export const builtInTemplates: readonly BuiltInTemplate[] = [
  research,
  write,
  analyze,
  code,
  transform,
  decide,
  refactor,
  classify,
  qa,
  extract,
]
