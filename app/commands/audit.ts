import type { Command } from 'commander'
import { AppError } from '../../contracts/errors.ts'
import type { AuditFault, AuditProgress, AuditVerdict } from '../../store/index.ts'
import { formatAuditHead, parseAuditHead } from '../audit-head.ts'
import { askServer } from '../control/client.ts'
import { verifyAuditOffline } from '../offline.ts'
import type { Terminal } from '../terminal.ts'
import { configFor, type DataDirOption, dataDirOption } from './data-dir-option.ts'

interface VerifyOptions extends DataDirOption {
  readonly expect?: string
}

/** A line of progress after this many rows. */
const progressRows = 100_000

export function addAudit(program: Command, terminal: Terminal): void {
  const audit = program.command('audit').description('look after the audit trail on the machine itself')
  audit
    .command('verify')
    .description('find rows of the audit trail that were changed, taken away or put in')
    .option('--expect <head>', 'a head noted earlier, from the log or the manifest of a backup: "seq:chain"')
    .addOption(dataDirOption())
    .addHelpText(
      'after',
      `
A running server looks itself and goes on serving. Prints how many rows there are and the head, which is worth noting
where nobody who can write to the data directory can; or, with exit code 1, the first faults, one a line, tab-separated:
number of the row, fault, id.

Faults:
  altered          something in the row is not what was written
  missing          the row is gone, and perhaps more after it
  inserted         the row does not belong there
  head-altered     what was noted of the end of the trail was changed
  head-mismatch    the last row is not the one that was noted
  unlike-expected  the row is not the one whose head was noted elsewhere

Examples:
  prahari audit verify
  prahari audit verify --data-dir /var/lib/prahari
  prahari audit verify --expect "$(jq -r '.auditHead | "\\(.seq):\\(.chain)"' /backups/2026-01-31/manifest.json)"`,
    )
    .action((options: VerifyOptions) => verify(terminal, options))
}

async function verify(terminal: Terminal, options: VerifyOptions): Promise<void> {
  const config = configFor(terminal, options)
  const expect = options.expect === undefined ? undefined : parseAuditHead(options.expect)
  const onProgress = createProgress(terminal)
  const verdict =
    (await askServer(config.dataDir, 'auditVerify', { expect }, (progress) => onProgress(progress as AuditProgress))) ??
    (await verifyAuditOffline(config, { expect, onProgress }))
  for (const line of describe(verdict)) terminal.out(line)
  if (verdict.type === 'broken')
    throw new AppError('invalid', 'audit-broken', 'the audit trail is not what was written')
}

function createProgress({ isTerminal, err }: Terminal): (progress: AuditProgress) => void {
  let toldRows = 0
  return ({ checked, count }) => {
    if (!isTerminal || checked < toldRows + progressRows) return
    toldRows = checked
    err(`${checked} of ${count} rows`)
  }
}

function describe(verdict: AuditVerdict): readonly string[] {
  if (verdict.type === 'broken') return verdict.faults.map(describeFault)
  const { count, firstSeq, seq } = verdict
  const rows = count === 0 ? 'no rows yet' : `${count} rows, ${firstSeq} to ${seq}`
  return [`The audit trail is whole: ${rows}.`, `Its head is ${formatAuditHead(verdict)}`]
}

function describeFault({ seq, fault, id }: AuditFault): string {
  return [seq, fault, id ?? ''].join('\t').trimEnd()
}
