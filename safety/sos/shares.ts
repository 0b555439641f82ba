import { AppError } from '../../contracts/errors.ts'
import type { SosShare } from '../../contracts/sos.ts'
import { createIdMaker, drawSecret, hashSecret } from '../../store/index.ts'
import type { SosTools } from './sos-deps.ts'
import { findSos } from './steps.ts'

const openMax = 20

/** Links by which people without an account see one SOS. Their token is kept as a hash alone. */
export function createShares({ records, now }: SosTools) {
  const makeId = createIdMaker(now)
  return {
    /** @throws AppError `sos-not-found`, `too-many-shares` */
    async share(options: { readonly sosId: string; readonly by: string; readonly expiresInS: number }) {
      const { sosId, by, expiresInS } = options
      const token = drawSecret()
      const createdAtMs = now()
      const expiresAtMs = createdAtMs + expiresInS * 1000
      const share: SosShare = { id: makeId(), sosId, createdBy: by, createdAtMs, expiresAtMs, revokedAtMs: undefined }
      await records.transaction(async ({ sos }) => {
        await findSos({ sos }, sosId)
        const open = (await sos.sharesOf(sosId)).filter((known) => isOpenShare(known, createdAtMs))
        if (open.length >= openMax)
          throw new AppError('conflict', 'too-many-shares', `at most ${openMax} links are open at a time`)
        await sos.addShare(share, hashOf(token))
        await sos.note({
          sosId,
          atMs: createdAtMs,
          actor: by,
          action: 'shared',
          detail: { shareId: share.id, expiresAtMs },
        })
      })
      return { share, token }
    },
    /**
     * The SOS that a link shows.
     * @throws AppError `share-not-found` for one that is unknown, expired or revoked: which, is nobody's business
     */
    async openShare(token: string) {
      const share = await records.sos.findShare(hashOf(token))
      if (!share || !isOpenShare(share, now()))
        throw new AppError('not-found', 'share-not-found', 'There is no such link')
      return { share, sos: await findSos(records, share.sosId) }
    },
    /** @throws AppError `share-not-found` */
    async revokeShare({
      sosId,
      shareId,
      by,
    }: {
      readonly sosId: string
      readonly shareId: string
      readonly by: string
    }) {
      const atMs = now()
      await records.transaction(async ({ sos }) => {
        const isRevoked = await sos.revokeShare({ sosId, shareId, atMs })
        if (!isRevoked) throw new AppError('not-found', 'share-not-found', 'There is no such link')
        await sos.note({ sosId, atMs, actor: by, action: 'share-revoked', detail: { shareId } })
      })
    },
  }
}

function isOpenShare({ expiresAtMs, revokedAtMs }: SosShare, nowMs: number): boolean {
  return revokedAtMs === undefined && expiresAtMs > nowMs
}

function hashOf(token: string): string {
  return hashSecret(token).toString('hex')
}
