import { z } from 'zod'
import type { ChannelId } from './ids.ts'

/** Which bindings of a room an event reaches. Lists hold channel ids only. */
export type Visibility = 'all' | 'transport' | 'intelligence' | 'internal' | 'none' | { only: ChannelId[] }

export const visibilitySchema: z.ZodType<Visibility> = z.union([
  z.enum(['all', 'transport', 'intelligence', 'internal', 'none']),
  z.strictObject({ only: z.array(z.string()) }),
])
