import { type Severity, severities } from '../../contracts/severity.ts'
import type { SosRecord, SosTrigger } from '../../contracts/sos.ts'
import { duressReason } from '../../contracts/sos-owner-view.ts'

/** What an SOS is rated by. */
export interface SeverityFacts {
  readonly trigger: SosTrigger
  readonly batteryPct?: number | undefined
  readonly pressCount: number
  readonly isDuress: boolean
  readonly pinFailures: number
  /** Of the day, where the city is; 0 to 23. */
  readonly localHour: number
}

export interface RatedSeverity {
  readonly severity: Severity
  /** For people; what raised it above the least that an SOS can be. */
  readonly reasons: readonly string[]
}

/** A machine that heard or felt something errs more often than a person who pressed. */
const pointsOfTrigger: Readonly<Record<SosTrigger, number>> = { manual: 2, voice: 2, fall: 2, shake: 1, ai: 1 }
const wordsOfTrigger: Readonly<Record<SosTrigger, string>> = {
  manual: 'pressed by hand',
  voice: 'called by voice',
  fall: 'a fall was felt',
  shake: 'shaken',
  ai: 'recognised by software',
}
const batteryLowPct = 15
const nightFromHour = 22
const nightUntilHour = 5
const pressesManyMin = 3

/** Shown with its reasons, so that whoever decides can disagree. */
export function rateSeverity(facts: SeverityFacts): RatedSeverity {
  const { trigger, batteryPct, pressCount, isDuress, pinFailures, localHour } = facts
  const reasons: string[] = [wordsOfTrigger[trigger]]
  let points = pointsOfTrigger[trigger]
  const raise = (reason: string) => {
    points += 1
    reasons.push(reason)
  }
  if (batteryPct !== undefined && batteryPct <= batteryLowPct) raise(`battery at ${Math.round(batteryPct)} %`)
  if (localHour >= nightFromHour || localHour < nightUntilHour) raise('at night')
  if (pressCount >= pressesManyMin) raise('pressed again and again')
  if (pinFailures > 0) raise('somebody tried to cancel it with a wrong PIN')
  if (isDuress) {
    points = severities.length - 1
    reasons.push(duressReason)
  }
  return { severity: severities[Math.min(points, severities.length - 1)]!, reasons }
}

/** @param localHour when it was raised: an SOS does not get graver by going on into the night */
export function rateSos(
  sos: Pick<SosRecord, 'trigger' | 'batteryPct' | 'pressCount' | 'isDuress' | 'pinFailures'>,
  localHour: number,
): RatedSeverity {
  return rateSeverity({ ...sos, localHour })
}

/** @returns a function that gives the hour of the day of a time, 0 to 23 */
export function createLocalHours(timeZone: string): (atMs: number) => number {
  const format = new Intl.DateTimeFormat('en', { timeZone, hour: 'numeric', hourCycle: 'h23' })
  return (atMs) => Number(format.format(atMs))
}
