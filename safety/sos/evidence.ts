import { createHash } from 'node:crypto'
import { mkdir, open, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { AppError } from '../../contracts/errors.ts'
import type { SosEvidence } from '../../contracts/sos.ts'
import { createIdMaker } from '../../store/index.ts'
import type { SosTools } from './sos-deps.ts'
import { findSos } from './steps.ts'

/** What can be evidence, and its kind. Nothing in it is run or shown by us: it is kept and given out as it came. */
export const evidenceMediaTypes: Readonly<Record<string, SosEvidence['kind']>> = {
  'image/jpeg': 'photo',
  'image/png': 'photo',
  'image/webp': 'photo',
  'audio/mpeg': 'audio',
  'audio/mp4': 'audio',
  'audio/ogg': 'audio',
  'audio/wav': 'audio',
  'audio/webm': 'audio',
  'video/mp4': 'video',
  'video/webm': 'video',
}

export const evidenceBytesMax = 50 * 1024 * 1024
const perSosMax = 50

export interface NewEvidence {
  readonly sosId: string
  readonly by: string
  readonly mediaType: string
  readonly content: AsyncIterable<Uint8Array>
}

/** Photos and recordings: in files beside the records, known by their SHA-256. */
export function createEvidence({ records, now, evidenceDir }: SosTools) {
  const makeId = createIdMaker(now)

  function pathOf({ sosId, id }: Pick<SosEvidence, 'sosId' | 'id'>): string {
    if (evidenceDir === undefined) throw new AppError('unavailable', 'evidence-off', 'no evidence is taken here')
    return join(evidenceDir, sosId, id)
  }

  async function assertRoom(sosId: string): Promise<void> {
    await findSos(records, sosId)
    if ((await records.sos.evidenceOf(sosId)).length < perSosMax) return
    throw new AppError('conflict', 'too-much-evidence', `an SOS holds at most ${perSosMax} files`)
  }

  return {
    /**
     * The file is whole and on disk before the records name it; one that they do not name is nothing.
     * @throws AppError `sos-not-found`, `too-much-evidence`, `evidence-type`, `evidence-too-large`, `evidence-empty`
     */
    async addEvidence({ sosId, by, mediaType, content }: NewEvidence): Promise<SosEvidence> {
      const kind = evidenceMediaTypes[mediaType]
      if (kind === undefined) throw new AppError('invalid', 'evidence-type', 'photos, audio and video only')
      await assertRoom(sosId)
      const id = makeId()
      const path = pathOf({ sosId, id })
      await mkdir(join(path, '..'), { recursive: true, mode: 0o700 })
      try {
        const { bytes, sha256 } = await writeFile(`${path}.part`, content)
        await rename(`${path}.part`, path)
        const evidence: SosEvidence = { id, sosId, kind, mediaType, bytes, sha256, addedAtMs: now(), addedBy: by }
        await records.transaction(async ({ sos }) => {
          await sos.addEvidence(evidence)
          const detail = { evidenceId: id, kind, bytes, sha256 }
          await sos.note({ sosId, atMs: evidence.addedAtMs, actor: by, action: 'evidence-added', detail })
        })
        return evidence
      } catch (error) {
        await rm(`${path}.part`, { force: true })
        await rm(path, { force: true })
        throw error
      }
    },
    async evidenceOf(sosId: string): Promise<readonly SosEvidence[]> {
      await findSos(records, sosId)
      return records.sos.evidenceOf(sosId)
    },
    /**
     * Who looked at what is in the history of the SOS and in the audit trail before the first byte is given out.
     * @throws AppError `evidence-not-found`
     */
    async openEvidence({
      sosId,
      evidenceId,
      by,
    }: {
      readonly sosId: string
      readonly evidenceId: string
      readonly by: string
    }) {
      const evidence = (await records.sos.evidenceOf(sosId)).find(({ id }) => id === evidenceId)
      if (!evidence) throw new AppError('not-found', 'evidence-not-found', 'There is no such evidence')
      const file = await open(pathOf(evidence), 'r')
      const detail = { evidenceId }
      await records.transaction(async ({ sos, audit }) => {
        await sos.note({ sosId, atMs: now(), actor: by, action: 'evidence-viewed', detail })
        await audit.append({ actor: by, action: 'sos-evidence-viewed', subject: `sos:${sosId}`, detail })
      })
      return { evidence, content: file.createReadStream() as AsyncIterable<Uint8Array> }
    },
  }
}

/** Hashed as it comes, and synced: what is called evidence must not be half of it after a power cut. */
async function writeFile(path: string, content: AsyncIterable<Uint8Array>) {
  const hash = createHash('sha256')
  let bytes = 0
  const file = await open(path, 'wx', 0o600)
  try {
    for await (const chunk of content) {
      bytes += chunk.length
      if (bytes > evidenceBytesMax) {
        throw new AppError('too-large', 'evidence-too-large', `a file holds at most ${evidenceBytesMax} bytes`)
      }
      hash.update(chunk)
      await file.writeFile(chunk)
    }
    if (bytes === 0) throw new AppError('invalid', 'evidence-empty', 'the file is empty')
    await file.sync()
  } finally {
    await file.close()
  }
  return { bytes, sha256: hash.digest('hex') }
}
