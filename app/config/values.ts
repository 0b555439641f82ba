import { z } from 'zod'

/** A whole number written in digits: `1e3`, `0x10` and `1_000` are typing errors, not numbers. */
export function wholeNumber({ min, max }: { readonly min: number; readonly max: number }) {
  const message = `must be a whole number from ${min} to ${max}`
  return z
    .string()
    .regex(/^\d{1,15}$/, message)
    .transform(Number)
    .refine((number) => number >= min && number <= max, message)
}

export function oneOf<const T extends readonly string[]>(choices: T) {
  return z.enum(choices, `must be one of ${choices.join(', ')}`)
}

/** Values separated by commas, each once, spaces around them ignored. */
export function severalOf<T extends string>(item: z.ZodType<T, string>) {
  return z
    .string()
    .transform((text) => [...new Set(text.split(',').map((part) => part.trim()))])
    .pipe(z.array(item))
}
