import { accessSync, constants } from 'node:fs'
import { resolve } from 'node:path'
import { AppError, type ErrorDetail } from '../../contracts/errors.ts'
import { findConflicts } from './conflicts.ts'
import { findMessageWarnings, type MessagesConfig, toMessages } from './messages.ts'
import { nearestName } from './nearest-name.ts'
import { findUnfitForProduction } from './production.ts'
import type { Variable } from './variable.ts'
import { type RoleName, type VariableName, type VariableValues, variables } from './variables.ts'

/** The configuration of one process, checked as a whole. Units last. */
export interface Config {
  readonly isProduction: boolean
  readonly roles: readonly RoleName[]
  readonly dataDir: string
  readonly stopDeadlineMs: number
  readonly log: { readonly level: string; readonly format: 'json' | 'pretty' }
  readonly http: {
    readonly host: string
    readonly port: number
    readonly corsOrigins: readonly string[]
    readonly proxyHops: number
    readonly tileUrl: string | undefined
    readonly cityMapPath: string | undefined
    readonly metricsToken: string | undefined
  }
  readonly mqtt: {
    readonly host: string
    readonly port: number
    readonly webSocketPath: string
    readonly tls:
      | {
          readonly port: number
          readonly certPath: string
          readonly keyPath: string
          readonly clientCaPath: string | undefined
        }
      | undefined
    readonly connectionsMax: number
    readonly packetBytesMax: number
  }
  readonly devices: {
    readonly enrolment: 'closed' | 'key' | 'open'
    readonly ratePerSMax: number
    readonly burstMax: number
  }
  readonly ingest: { readonly timeAheadMaxMs: number; readonly timeAgeMaxMs: number }
  readonly sos: {
    readonly clock: {
      readonly escalateAfterMs: number
      readonly superviseAfterMs: number
      readonly silentAfterMs: number
    }
  }
  /** IANA name of where the city is. */
  readonly timeZone: string
  readonly keep: {
    readonly readingsKeepDays: number
    readonly quarantineKeepDays: number
    readonly quarantineRowsMax: number
    readonly alertsKeepDays: number
    readonly sosPositionsKeepDays: number
    readonly auditKeepDays: number
  }
  readonly backup: { readonly directory: string; readonly keepCount: number } | undefined
  readonly admin: { readonly email: string; readonly password: string | undefined }
  readonly jwtSecret: string | undefined
  readonly recordsKey: string | undefined
  readonly messages: MessagesConfig
  /** Any phone signs in without a code. */
  readonly otpBypass: boolean
  readonly redisUrl: string | undefined
  /** ISO 3166-1 alpha-2 codes: the city's country first. */
  readonly phoneRegions: readonly string[]
  readonly demo: { readonly seed: number } | undefined
  /** What the operator should know although it stops nothing. */
  readonly warnings: readonly string[]
}

export interface ReadConfigOptions {
  readonly env: Readonly<Record<string, string | undefined>>
  /** Relative paths start here. */
  readonly workingDir: string
  readonly isTerminal: boolean
  /** Only who serves must be fit for production: a restore needs no way to send codes. */
  readonly serves: boolean
}

/**
 * Reads every variable and checks them one by one and against each other.
 * @throws AppError `bad-configuration` with one detail per fault, each under the name of its variable
 */
export function readConfig({ env, workingDir, isTerminal, serves }: ReadConfigOptions): Config {
  const faults: ErrorDetail[] = []
  const values = readValues(env, faults)
  faults.push(...findUnknown(env))
  addNews(faults, [...findConflicts(values), ...findUnreadable(values, workingDir)])
  if (serves && values.NODE_ENV === 'production') addNews(faults, findUnfitForProduction(values))
  if (faults.length > 0) throw new AppError('invalid', 'bad-configuration', summary(faults), { details: faults })
  return toConfig(values as VariableValues, { workingDir, isTerminal })
}

/** What cannot be read looks unset to the rules that follow; its own fault says enough. */
function addNews(faults: ErrorDetail[], more: readonly ErrorDetail[]): void {
  const told = new Set(faults.map(({ path }) => path))
  faults.push(...more.filter(({ path }) => !told.has(path)))
}

function summary(faults: readonly ErrorDetail[]): string {
  const lines = faults.map(({ path, message }) => `  ${path} ${message}`)
  return `the configuration has ${faults.length === 1 ? 'a fault' : `${faults.length} faults`}:\n${lines.join('\n')}`
}

/** Values that could be read; the rest are in `faults`. */
function readValues(env: ReadConfigOptions['env'], faults: ErrorDetail[]): Partial<VariableValues> {
  const values: Record<string, unknown> = {}
  for (const [name, spec] of Object.entries<Variable>(variables)) {
    // Compose files and CI pass variables that nobody set as empty text.
    const given = env[name]?.trim() || undefined
    const text = given ?? spec.fallback
    if (text === undefined) continue
    if (given !== undefined && spec.refusal) {
      faults.push({ path: name, message: `cannot be used: ${spec.refusal}` })
      continue
    }
    const parsed = spec.schema.safeParse(text)
    if (parsed.success) values[name] = parsed.data
    else faults.push({ path: name, message: describe(parsed.error.issues[0]?.message, spec.secret ? undefined : text) })
  }
  return values as Partial<VariableValues>
}

function describe(message = 'is not valid', text: string | undefined): string {
  return text === undefined ? message : `${message} (it is ${JSON.stringify(text.slice(0, 80))})`
}

/** A misspelt variable would otherwise be ignored in silence. */
function findUnknown(env: ReadConfigOptions['env']): ErrorDetail[] {
  const known = Object.keys(variables)
  return Object.keys(env)
    .filter((name) => name.startsWith('PRAHARI_') && !known.includes(name))
    .map((name) => {
      const nearest = nearestName(name, known)
      return { path: name, message: `is not a variable${nearest ? `; did you mean ${nearest}?` : ''}` }
    })
}

function findUnreadable(values: Partial<VariableValues>, workingDir: string): ErrorDetail[] {
  const names = ['PRAHARI_TLS_CERT', 'PRAHARI_TLS_KEY', 'PRAHARI_TLS_CLIENT_CA', 'PRAHARI_CITY_MAP'] as const
  return names.flatMap((path) => {
    const file = values[path]
    if (file === undefined || isReadable(resolve(workingDir, file))) return []
    return [{ path, message: `is not a readable file (it is ${JSON.stringify(file)})` }]
  })
}

function isReadable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK)
    return true
  } catch {
    return false
  }
}

function toConfig(
  values: VariableValues,
  { workingDir, isTerminal }: Pick<ReadConfigOptions, 'workingDir' | 'isTerminal'>,
): Config {
  const isProduction = values.NODE_ENV === 'production'
  const absolute = (path: string) => resolve(workingDir, path)
  const isDemoUsual = !isProduction && values.PRAHARI_ROLES.includes('broker')
  const demo = values.PRAHARI_DEMO ?? (isDemoUsual ? 'on' : 'off')
  const format = values.PRAHARI_LOG_FORMAT
  return {
    isProduction,
    roles: values.PRAHARI_ROLES,
    dataDir: absolute(values.PRAHARI_DATA_DIR),
    stopDeadlineMs: values.PRAHARI_STOP_DEADLINE_S * 1000,
    log: {
      level: values.PRAHARI_LOG_LEVEL,
      format: format === 'auto' ? (isTerminal && !isProduction ? 'pretty' : 'json') : format,
    },
    http: {
      host: values.PRAHARI_HTTP_HOST,
      port: values.PRAHARI_HTTP_PORT,
      corsOrigins: values.PRAHARI_CORS_ORIGINS ?? [],
      proxyHops: values.PRAHARI_TRUST_PROXY,
      tileUrl: values.PRAHARI_TILE_URL,
      cityMapPath: values.PRAHARI_CITY_MAP && absolute(values.PRAHARI_CITY_MAP),
      metricsToken: values.PRAHARI_METRICS_TOKEN,
    },
    mqtt: {
      host: values.PRAHARI_MQTT_HOST,
      port: values.PRAHARI_MQTT_PORT,
      webSocketPath: values.PRAHARI_MQTT_WS_PATH,
      tls: readTls(values, absolute),
      connectionsMax: values.PRAHARI_CONNECTIONS_MAX,
      packetBytesMax: values.PRAHARI_PACKET_BYTES_MAX,
    },
    devices: {
      enrolment: values.PRAHARI_DEVICE_ENROLMENT,
      ratePerSMax: values.PRAHARI_DEVICE_RATE_MAX,
      burstMax: values.PRAHARI_DEVICE_BURST_MAX,
    },
    ingest: {
      timeAheadMaxMs: values.PRAHARI_TIME_AHEAD_MAX_S * 1000,
      timeAgeMaxMs: values.PRAHARI_TIME_AGE_MAX_DAYS * 86_400_000,
    },
    sos: {
      clock: {
        escalateAfterMs: values.PRAHARI_SOS_ESCALATE_S * 1000,
        superviseAfterMs: values.PRAHARI_SOS_SUPERVISE_S * 1000,
        silentAfterMs: values.PRAHARI_SOS_SILENT_S * 1000,
      },
    },
    timeZone: values.PRAHARI_TIME_ZONE,
    keep: {
      readingsKeepDays: values.PRAHARI_READINGS_KEEP_DAYS,
      quarantineKeepDays: values.PRAHARI_QUARANTINE_KEEP_DAYS,
      quarantineRowsMax: values.PRAHARI_QUARANTINE_ROWS_MAX,
      alertsKeepDays: values.PRAHARI_ALERTS_KEEP_DAYS,
      sosPositionsKeepDays: values.PRAHARI_SOS_POSITIONS_KEEP_DAYS,
      auditKeepDays: values.PRAHARI_AUDIT_KEEP_DAYS,
    },
    backup: values.PRAHARI_BACKUP_DIR
      ? { directory: absolute(values.PRAHARI_BACKUP_DIR), keepCount: values.PRAHARI_BACKUPS_KEEP }
      : undefined,
    admin: { email: values.PRAHARI_ADMIN_EMAIL, password: values.PRAHARI_ADMIN_PASSWORD },
    jwtSecret: values.PRAHARI_JWT_SECRET,
    phoneRegions: values.PRAHARI_PHONE_REGION,
    recordsKey: values.PRAHARI_RECORDS_KEY,
    messages: toMessages(values),
    otpBypass: values.PRAHARI_OTP_BYPASS === 'on',
    redisUrl: values.REDIS_URL,
    demo: demo === 'on' ? { seed: values.PRAHARI_DEMO_SEED } : undefined,
    warnings: findWarnings(values),
  }
}

function readTls(values: VariableValues, absolute: (path: string) => string): Config['mqtt']['tls'] {
  const { PRAHARI_MQTTS_PORT: port, PRAHARI_TLS_CERT: cert, PRAHARI_TLS_KEY: key, PRAHARI_TLS_CLIENT_CA: ca } = values
  if (port === undefined || cert === undefined || key === undefined) return undefined
  return { port, certPath: absolute(cert), keyPath: absolute(key), clientCaPath: ca && absolute(ca) }
}

function findWarnings(values: VariableValues): string[] {
  const warnings = Object.entries<Variable>(variables)
    .filter(([name, spec]) => spec.unused && values[name as VariableName] !== undefined)
    .map(([name, spec]) => `${name} has no effect: ${spec.unused}`)
  if (values.NODE_ENV === 'production' && values.PRAHARI_DEVICE_ENROLMENT === 'open') {
    warnings.push('enrolment is open: anyone who reaches the MQTT port may publish')
  }
  return [...warnings, ...findMessageWarnings(values)]
}
