import { AppError } from '../../contracts/errors.ts'
import { isActive, type Silence, type SilenceMatch } from '../../contracts/silence.ts'
import { createIdMaker, type Page, type Records, type SilenceQuery } from '../../store/index.ts'

interface Period {
  readonly fromMs: number
  readonly untilMs: number
}

/** Making alerts quiet, and loud again. Every change is audited, and settles the open alerts before it answers. */
export interface SilenceDesk {
  /** @throws AppError `too-many-silences`, `silence-already-over` when it would end in the past */
  create(options: {
    readonly match: SilenceMatch
    readonly period: Period
    readonly reason: string
    readonly by: string
  }): Promise<Silence>
  /** @throws AppError `silence-not-found`, `silence-already-over` */
  end(options: { readonly silenceId: string; readonly by: string }): Promise<Silence>
  list(query: SilenceQuery): Promise<Page<Silence>>
}

export interface SilenceDeskDeps {
  readonly records: Records
  readonly now: () => number
  readonly settle: () => Promise<void>
}

/** In force at a time; each alert that is raised is held against all of them. */
const activeMax = 500

export function createSilenceDesk({ records, now, settle }: SilenceDeskDeps): SilenceDesk {
  const makeId = createIdMaker(now)
  return {
    async create({ match, period, reason, by }) {
      const nowMs = now()
      if (period.untilMs <= Math.max(nowMs, period.fromMs)) {
        throw new AppError('invalid', 'silence-already-over', 'a silence ends after it begins, and not in the past')
      }
      const silence: Silence = {
        id: makeId(),
        ruleId: match.ruleId,
        deviceId: match.deviceId,
        kind: match.kind,
        area: match.area,
        ...period,
        reason,
        createdBy: by,
        createdAtMs: nowMs,
        endedAtMs: undefined,
        endedBy: undefined,
      }
      await records.transaction(async ({ silences, audit }) => {
        const standing = await silences.list({ notOverAtMs: nowMs, limit: activeMax })
        if (standing.items.length >= activeMax) {
          throw new AppError('too-many', 'too-many-silences', `there are ${activeMax} silences already`)
        }
        await silences.insert(silence)
        const { area, ...named } = match
        await audit.append({
          actor: by,
          action: 'alerts-silenced',
          subject: `silence:${silence.id}`,
          detail: { ...named, hasArea: area !== undefined, ...period, reason },
        })
      })
      if (isActive(silence, nowMs)) await settle()
      return silence
    },
    async end({ silenceId, by }) {
      const ended = await records.transaction(async ({ silences, audit }) => {
        const silence = await silences.get(silenceId)
        if (!silence) throw new AppError('not-found', 'silence-not-found', `no silence ${silenceId}`)
        const atMs = now()
        if (!(await silences.end({ silenceId, by, atMs }))) {
          throw new AppError('conflict', 'silence-already-over', `silence ${silenceId} is over`)
        }
        await audit.append({ actor: by, action: 'silence-ended', subject: `silence:${silenceId}` })
        return { ...silence, endedAtMs: atMs, endedBy: by }
      })
      await settle()
      return ended
    },
    list: records.silences.list,
  }
}
