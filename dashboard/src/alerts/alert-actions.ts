import { useCallback, useState } from 'react'
import type { Alert, AlertNote } from '../../../contracts/alert.ts'
import { request } from '../http/client.ts'
import { toError } from '../http/http-error.ts'
import { feed } from '../live/use-live.ts'

export type AlertAction = 'acknowledge' | 'resolve' | 'assign' | 'comment' | 'silence' | 'end the silence'
/** Those that are one call about the alert. */
type AlertCall = Exclude<AlertAction, 'end the silence'>

/** GET /api/alerts/:id, and what every action answers. */
export type AlertDetail = Alert & { readonly notes: readonly AlertNote[] }

/** What was asked of the server and is not answered, or was refused. The alert itself changes only when the server says so. */
export type Attempt =
  | { readonly state: 'sending'; readonly action: AlertAction }
  | { readonly state: 'failed'; readonly action: AlertAction; readonly message: string }

export interface AlertActions {
  attemptOn(alertId: string): Attempt | undefined
  /** @returns whether it was done */
  act(alertId: string, action: Exclude<AlertCall, 'silence'>, note?: string): Promise<boolean>
  /** The same for an action that says more. */
  send(alertId: string, action: AlertCall, body: object): Promise<boolean>
  /** Ends what makes it quiet, for every alert it is about. */
  endSilence(alert: Alert): Promise<boolean>
}

export function useAlertActions(): AlertActions {
  const [attempts, setAttempts] = useState<ReadonlyMap<string, Attempt>>(new Map())
  const put = useCallback((alertId: string, attempt: Attempt | undefined) => {
    setAttempts((earlier) => {
      const next = new Map(earlier)
      if (attempt === undefined) next.delete(alertId)
      else next.set(alertId, attempt)
      return next
    })
  }, [])
  const attempt = useCallback(
    async (alertId: string, action: AlertAction, ask: () => Promise<AlertDetail>) => {
      put(alertId, { state: 'sending', action })
      try {
        const { notes: _notes, ...alert } = await ask()
        feed.store.takeAlert(alert)
        put(alertId, undefined)
        return true
      } catch (thrown) {
        put(alertId, { state: 'failed', action, message: toError(thrown).message })
        return false
      }
    },
    [put],
  )
  const pathOf = (alertId: string) => `/api/alerts/${encodeURIComponent(alertId)}`
  const send = (alertId: string, action: AlertCall, body: object) =>
    attempt(alertId, action, () => request(`${pathOf(alertId)}/${action}`, { method: 'POST', body }))
  return {
    attemptOn: (alertId) => attempts.get(alertId),
    act: (alertId, action, note) => send(alertId, action, note === undefined ? {} : { note }),
    send,
    endSilence: ({ id, silenceId = '' }) =>
      attempt(id, 'end the silence', async () => {
        await request(`/api/silences/${encodeURIComponent(silenceId)}`, { method: 'DELETE' })
        return request(pathOf(id))
      }),
  }
}

/** How an attempt reads on the row: what will be, said as not yet being. */
export const sendingWords: Readonly<Record<AlertAction, string>> = {
  acknowledge: 'acknowledging …',
  resolve: 'resolving …',
  assign: 'assigning …',
  comment: 'sending …',
  silence: 'silencing …',
  'end the silence': 'ending the silence …',
}
