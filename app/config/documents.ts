import type { Variable } from './variable.ts'
import { variableGroups } from './variables.ts'

/** `.env.example`: every variable with its default, commented out. */
export function envExample(): string {
  const parts = [
    '# Copy to .env and change what you need; what the environment sets itself wins over this file.',
    '# Every variable is explained in docs/configuration.md.',
  ]
  for (const [heading, group] of Object.entries<Readonly<Record<string, Variable>>>(variableGroups)) {
    parts.push('', `# ${heading}`)
    for (const [name, spec] of Object.entries(group)) parts.push(`#${name}=${spec.fallback ?? ''}`)
  }
  return `${parts.join('\n')}\n`
}

/** `docs/configuration.md`: every variable with its meaning. */
export function configurationGuide(): string {
  const parts = [
    '# Configuration',
    '',
    'Variables come from the environment, or from a file `.env` in the working directory, which the environment overrides.',
    'All faults are reported at once, and a misspelt `PRAHARI_` variable is one. Empty counts as unset.',
    '',
  ]
  for (const [heading, group] of Object.entries<Readonly<Record<string, Variable>>>(variableGroups)) {
    parts.push(`## ${heading}`, '', '| variable | default | meaning |', '|---|---|---|')
    for (const [name, spec] of Object.entries(group)) {
      parts.push(`| \`${name}\` | ${describeDefault(spec)} | ${describeMeaning(spec)} |`)
    }
    parts.push('')
  }
  return `${parts.join('\n').trimEnd()}\n`
}

function describeDefault(spec: Variable): string {
  if (spec.fallback !== undefined) return `\`${spec.fallback}\``
  return spec.fallbackNote ?? 'unset'
}

function describeMeaning(spec: Variable): string {
  if (spec.refusal) return `${spec.meaning}; refused in this release`
  if (spec.unused) return `${spec.meaning}; no effect in this release`
  return spec.meaning
}
