import type { z } from 'zod'

export interface Variable<S extends z.ZodType = z.ZodType> {
  /** Turns the text of the variable into its value. */
  readonly schema: S
  /** What stands for an unset variable, as one would write it; absent where unset is itself meaningful. */
  readonly fallback?: string
  /** Shown in the documents in place of a fallback, for example `on outside production`. */
  readonly fallbackNote?: string
  readonly meaning: string
  /** A secret's text appears in no message. */
  readonly secret?: true
  /** Why setting it is refused: what it asks for is not in this release. */
  readonly refusal?: string
  /** Set and known, but nothing reads it yet: worth a warning, not a refusal. */
  readonly unused?: string
}

export function variable<const V extends Variable>(spec: V): V {
  return spec
}
