/**
 * What makes the demo city worth watching: a few devices with a story. All of it follows from the time alone, so a
 * restart goes on where the story was, and history sent late agrees with what was sent live.
 */
export interface Behaviour {
  /** Changes what the sensor measured. */
  readonly shape?: (values: Record<string, number>, atMs: number) => Record<string, number>
  /** True while the device is switched off. */
  readonly isAway?: (atMs: number) => boolean
}

const minuteMs = 60_000

/** Smoke drifts over a junction for 14 minutes of every 50: long enough to raise the alert, and then it clears. */
export const smokeEpisode: Behaviour = {
  shape: (values, atMs) => {
    const share = swell(atMs, { everyMs: 50 * minuteMs, fromMs: 24 * minuteMs, lastsMs: 14 * minuteMs })
    return { ...values, pm25: round1((values.pm25 ?? 0) + 75 * share), pm10: round1((values.pm10 ?? 0) + 90 * share) }
  },
}

/** A bin beside a market: from a third to overflowing in an hour and a half, then emptied. */
const busyBin: Behaviour = {
  shape: (values, atMs) => {
    const everyMs = 90 * minuteMs
    const share = (atMs % everyMs) / everyMs
    return { ...values, fillPct: share > 0.94 ? round1((share - 0.94) * 50) : round1(30 + 74 * Math.min(share, 0.94)) }
  },
}

/** A queue behind a broken-down lorry, ten minutes in every forty. */
const blockedLane: Behaviour = {
  shape: (values, atMs) => {
    const share = swell(atMs, { everyMs: 40 * minuteMs, fromMs: 12 * minuteMs, lastsMs: 10 * minuteMs })
    return {
      ...values,
      queueM: Math.round((values.queueM ?? 0) + 560 * share),
      speedKmh: round1((values.speedKmh ?? 0) * (1 - 0.8 * share)),
      occupancyPct: round1(Math.min(100, (values.occupancyPct ?? 0) + 45 * share)),
    }
  },
}

/** Loses its mobile connection for a quarter of every hour. */
const badReception: Behaviour = {
  isAway: (atMs) => atMs % (60 * minuteMs) > 45 * minuteMs,
}

const stories: Readonly<Record<string, Behaviour>> = {
  'demo-air-quality-01': smokeEpisode,
  'demo-bin-level-01': busyBin,
  'demo-traffic-flow-01': blockedLane,
  'demo-noise-01': badReception,
}

export function behaviourOf(deviceId: string): Behaviour {
  return stories[deviceId] ?? {}
}

/** 0 outside the episode, rising to 1 in its middle half. */
function swell(
  atMs: number,
  episode: { readonly everyMs: number; readonly fromMs: number; readonly lastsMs: number },
): number {
  const since = (atMs % episode.everyMs) - episode.fromMs
  if (since < 0 || since > episode.lastsMs) return 0
  return Math.min(1, Math.sin((since / episode.lastsMs) * Math.PI) * 1.6)
}

function round1(value: number): number {
  return Math.round(value * 10) / 10
}
