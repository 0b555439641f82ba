import type { Logger } from 'pino'
import type { AlertRule, RuleTransition, WatchedRule } from '../../contracts/alert.ts'
import type { Bus } from '../../contracts/bus.ts'
import type { Device } from '../../contracts/device.ts'
import type { TransitionSink } from '../../contracts/ports/telemetry.ts'
import { areaSource } from '../../contracts/rule-condition.ts'
import type { Service } from '../../contracts/service.ts'
import type { Records } from '../../store/index.ts'
import { scopeRule } from './rule-scope.ts'

/** Keeps the pipeline told of the rules, and of which devices stand in the areas they are about. */
export interface RuleWatch extends Service {
  /** The rules as they are to be watched now. */
  rules(): Promise<readonly WatchedRule[]>
  /** Looks at the devices again now, when one has changed since the last look. */
  look(): Promise<void>
}

interface RuleWatchDeps {
  readonly records: Records
  readonly bus: Bus
  readonly devices: () => Iterable<Device>
  readonly setRules: (rules: readonly WatchedRule[]) => void
  readonly sink: TransitionSink
  readonly now: () => number
  readonly log: Pick<Logger, 'error'>
  readonly lookIntervalMs?: number
}

const lookIntervalMsUsual = 2000

export function createRuleWatch(deps: RuleWatchDeps): RuleWatch {
  const { records, bus, devices, setRules, sink, now, log, lookIntervalMs = lookIntervalMsUsual } = deps
  const subscriptions: (() => void)[] = []
  let timer: NodeJS.Timeout | undefined
  let looking: Promise<void> | undefined
  // While the house stood still they may have moved, too.
  let haveDevicesMoved = true
  let known: readonly AlertRule[] = []

  const scope = (rules: readonly AlertRule[]) => rules.map((rule) => scopeRule(rule, devices()))
  const isLocal = ({ enabled, condition }: AlertRule) => enabled && Boolean(condition.area)

  async function look(): Promise<void> {
    if (!haveDevicesMoved) return
    haveDevicesMoved = false
    if (!known.some(isLocal)) return
    const scoped = scope(known)
    setRules(scoped)
    await endStranded(scoped.filter(isLocal))
  }

  /** A device that left the area is watched no more, so nothing else would ever clear its alert. */
  async function endStranded(rules: readonly WatchedRule[]): Promise<void> {
    const inside = new Map(rules.map(({ id, deviceIds = [] }) => [id, new Set(deviceIds)]))
    const open = await records.alerts.openOfRules([...inside.keys()])
    const stranded = open.filter(
      ({ ruleId, deviceId }) => deviceId !== areaSource && !inside.get(ruleId)!.has(deviceId),
    )
    const atMs = now()
    await sink.apply(
      stranded.map(
        ({ ruleId, deviceId, kind }): RuleTransition => ({
          type: 'clear',
          ruleId,
          deviceId,
          kind,
          atMs,
          value: undefined,
        }),
      ),
    )
  }

  return {
    name: 'rule-watch',
    async start() {
      known = await records.rules.all()
      subscriptions.push(
        bus.subscribe('rules-changed', ({ rules }) => {
          known = rules
          setRules(scope(rules))
        }),
        bus.subscribe('device-changed', () => {
          haveDevicesMoved = true
        }),
      )
      // Devices come by the thousand; they are looked at together.
      timer = setInterval(() => {
        looking ??= look()
          .catch((error: unknown) => {
            haveDevicesMoved = true
            log.error({ err: error }, 'areas of rules could not be brought up to date; trying again')
          })
          .finally(() => {
            looking = undefined
          })
      }, lookIntervalMs)
      timer.unref()
    },
    async stop() {
      clearInterval(timer)
      for (const unsubscribe of subscriptions.splice(0)) unsubscribe()
      await looking
    },
    async rules() {
      return scope(await records.rules.all())
    },
    look,
  }
}
