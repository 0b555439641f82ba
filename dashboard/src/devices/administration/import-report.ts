import type { BulkReport } from '../../../../contracts/http/device.ts'
import { composePart, type ImportFile, type ImportRow } from './import-file.ts'

/** What became of one device of the file. */
export interface ImportResult {
  readonly row: ImportRow
  readonly id: string | undefined
  /** Of a device that was registered; nobody will be told it again. */
  readonly secret: string | undefined
  /** Why not, of a device that was not. */
  readonly problem: string | undefined
}

/** A result as the answer has it, once decoded. */
export interface AnsweredLine {
  readonly id?: string | undefined
  readonly status: BulkReport['results'][number]['status']
  readonly secret?: string | undefined
  readonly error?: { readonly message: string } | undefined
}

/** The answer counts the lines of its own part; both are in the order in which they were sent. */
export function toResults(rows: readonly ImportRow[], answered: readonly AnsweredLine[]): ImportResult[] {
  return rows.map((row, at) => {
    const { id, secret, error } = answered[at] ?? {}
    return { row, id, secret, problem: secret === undefined ? (error?.message ?? 'The server did not say') : undefined }
  })
}

export function countResults(results: readonly ImportResult[]): { readonly created: number; readonly failed: number } {
  const created = results.filter(({ secret }) => secret !== undefined).length
  return { created, failed: results.length - created }
}

/** `id,secret` of what was registered. Neither holds a comma or a quote. */
export function composeSecrets(results: readonly ImportResult[]): string {
  const lines = inFileOrder(results).flatMap(({ id, secret }) => (secret === undefined ? [] : [`${id},${secret}`]))
  return `${['id,secret', ...lines].join('\n')}\n`
}

/** The devices that were not registered, as a file to mend and import again. */
export function composeFailed(file: ImportFile, results: readonly ImportResult[]): string {
  const failed = inFileOrder(results).flatMap(({ row, secret }) => (secret === undefined ? [row] : []))
  return composePart(file, failed).body
}

export function inFileOrder(results: readonly ImportResult[]): readonly ImportResult[] {
  return results.toSorted((a, b) => a.row.line - b.row.line)
}
