import type { Command } from 'commander'
import { kinds } from '../../contracts/kinds/index.ts'
import { fieldNames, type Kind } from '../../contracts/kinds/kind.ts'
import { topics } from '../../contracts/topics.ts'
import type { Terminal } from '../terminal.ts'

export function addKinds(program: Command, terminal: Terminal): void {
  program
    .command('kinds')
    .description('list the kinds of reading, their fields, units and ranges')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExamples:\n  prahari kinds\n  prahari kinds --json | jq ".[].id"')
    .action(({ json }: { json?: boolean }) => {
      if (json) terminal.out(JSON.stringify(kinds.map(describe), null, 2))
      else for (const kind of kinds) terminal.out(`${table(kind)}\n`)
    })
}

function describe({ id, label, domain, reportEveryS, fields, thresholds, examples }: Kind) {
  return { id, label, domain, reportEveryS, topic: topics.telemetry('{deviceId}', id), fields, thresholds, examples }
}

function table(kind: Kind): string {
  const names = fieldNames(kind)
  const width = Math.max(...names.map((name) => name.length))
  const rows = names.map((name) => {
    const { min, max, unit, label } = kind.fields[name]!
    return `  ${name.padEnd(width)}  ${`${min} .. ${max} ${unit}`.padEnd(24)}  ${label}`
  })
  const about = `${kind.id}: ${kind.label}, ${kind.domain}, every ${kind.reportEveryS} s`
  return [about, `  ${topics.telemetry('{deviceId}', kind.id)}`, ...rows].join('\n')
}
