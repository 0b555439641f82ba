import { z } from 'zod'
import { messageVariables } from './message-variables.ts'
import { isTimeZone, oneOf, severalOf, urlOf, wholeNumber } from './values.ts'
import { type Variable, variable } from './variable.ts'

/** The parts one process can run. Order is the order in which they are listed, not started. */
export const roleNames = ['broker', 'ingest', 'analytics', 'api'] as const
export type RoleName = (typeof roleNames)[number]

const text = z.string()
const port = wholeNumber({ min: 0, max: 65_535 })
const onOff = oneOf(['on', 'off'])
const elsewhere = 'this release keeps everything on its embedded stores in one process'

/** Every variable Prahari reads, by the headings under which the documents list them. */
export const variableGroups = {
  'Where it runs': {
    NODE_ENV: variable({
      schema: oneOf(['production', 'development', 'test']),
      fallbackNote: 'unset',
      meaning:
        '`production` switches the demo city off, logs JSON and refuses settings that are only fit for trying things out',
    }),
    PRAHARI_DATA_DIR: variable({
      schema: text,
      fallback: './data',
      meaning: 'embedded stores, quarantine, broker sessions, signing key; one server per directory',
    }),
    PRAHARI_ROLES: variable({
      schema: severalOf(oneOf(roleNames)),
      fallback: roleNames.join(','),
      meaning: 'which roles this process runs; without a bus between processes `ingest` must be one of them',
    }),
    PRAHARI_STOP_DEADLINE_S: variable({
      schema: wholeNumber({ min: 1, max: 300 }),
      fallback: '15',
      meaning: 'how long a stop may take before the process leaves anyway, seconds',
    }),
    PRAHARI_LOG_LEVEL: variable({
      schema: oneOf(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']),
      fallback: 'info',
      meaning: 'least severe line that is logged',
    }),
    PRAHARI_LOG_FORMAT: variable({
      schema: oneOf(['auto', 'json', 'pretty']),
      fallback: 'auto',
      meaning: '`auto` is `pretty` on a terminal outside production, else `json`',
    }),
  },
  'HTTP, live feed, dashboard': {
    PRAHARI_HTTP_HOST: variable({
      schema: text,
      fallback: '127.0.0.1',
      meaning: 'bind address; `0.0.0.0` in the container',
    }),
    PRAHARI_HTTP_PORT: variable({
      schema: port,
      fallback: '3000',
      meaning: 'API, Socket.IO, dashboard, MQTT over WebSocket',
    }),
    PRAHARI_CORS_ORIGINS: variable({
      schema: severalOf(
        z
          .string()
          .regex(
            /^(\*|https?:\/\/[^\s/]+)$/,
            'must be origins such as https://city.example, or *, separated by commas',
          ),
      ),
      fallbackNote: 'same origin only',
      meaning: 'other web origins that may call the API, separated by commas',
    }),
    PRAHARI_TRUST_PROXY: variable({
      schema: wholeNumber({ min: 0, max: 10 }),
      fallback: '0',
      meaning: 'how many reverse proxies stand in front; their `X-Forwarded-For` is believed',
    }),
    PRAHARI_TLS_TERMINATION: variable({
      schema: oneOf(['proxy']),
      fallbackNote: 'unset; production asks for it',
      meaning:
        '`proxy` says that clients speak HTTPS with a reverse proxy in front, one that `PRAHARI_TRUST_PROXY` counts',
    }),
    REDIS_URL: variable({
      schema: urlOf({ schemes: ['redis', 'rediss'], mayHoldPassword: true, mayHoldPath: true }),
      fallbackNote: 'every process counts for itself',
      meaning: 'Redis in which several instances count requests together; the bus between processes comes later',
      secret: true,
    }),
    PRAHARI_CITY_MAP: variable({
      schema: text,
      fallbackNote: 'the demo city’s, else empty',
      meaning: 'GeoJSON FeatureCollection the map is drawn from; a feature’s `class` property chooses its looks',
    }),
    PRAHARI_TILE_URL: variable({
      schema: z
        .string()
        .regex(
          /^https?:\/\/.*\{z\}.*\{x\}.*\{y\}|^https?:\/\/.*\{z\}.*\{y\}.*\{x\}/,
          'must be a URL with {z}, {x}, {y}',
        ),
      fallbackNote: 'the map is drawn from local data',
      meaning: 'raster tiles under the map, for example `https://tiles.example/{z}/{x}/{y}.png`',
    }),
  },
  'MQTT and devices': {
    PRAHARI_MQTT_HOST: variable({
      schema: text,
      fallback: '127.0.0.1',
      meaning: 'bind address for MQTT, plain and TLS',
    }),
    PRAHARI_MQTT_PORT: variable({ schema: port, fallback: '1883', meaning: 'MQTT' }),
    PRAHARI_MQTT_WS_PATH: variable({
      schema: text.regex(/^\/[\w/.-]+$/, 'must be a path such as /mqtt'),
      fallback: '/mqtt',
      meaning: 'MQTT over WebSocket on the HTTP port',
    }),
    PRAHARI_MQTTS_PORT: variable({ schema: port, fallbackNote: 'off', meaning: 'MQTT over TLS' }),
    PRAHARI_TLS_CERT: variable({
      schema: text,
      fallbackNote: 'off',
      meaning: 'certificate chain for MQTT over TLS, PEM file',
    }),
    PRAHARI_TLS_KEY: variable({ schema: text, fallbackNote: 'off', meaning: 'its private key, PEM file' }),
    PRAHARI_TLS_CLIENT_CA: variable({
      schema: text,
      fallbackNote: 'off',
      meaning: 'CA of client certificates whose CN is the device id, PEM file',
    }),
    PRAHARI_DEVICE_ENROLMENT: variable({
      schema: oneOf(['closed', 'key', 'open']),
      fallback: 'closed',
      meaning:
        '`closed`: registered devices only; `key`: a provisioning key lets a device enrol itself; `open`: any client id enrols at first connect (development and load tests only)',
    }),
    PRAHARI_OPEN_ENROLMENT_ACKNOWLEDGED: variable({
      schema: oneOf(['yes', 'no']),
      fallback: 'no',
      meaning: '`yes` lets production run with open enrolment: anyone who reaches the port may then publish',
    }),
    PRAHARI_DEVICE_RATE_MAX: variable({
      schema: wholeNumber({ min: 0, max: 1_000_000 }),
      fallback: '100',
      meaning: 'messages per second of one device before it is read more slowly; 0: no limit',
    }),
    PRAHARI_DEVICE_BURST_MAX: variable({
      schema: wholeNumber({ min: 1, max: 10_000_000 }),
      fallback: '2000',
      meaning: 'messages one device may send at once before its rate counts: a backlog after an outage',
    }),
    PRAHARI_CONNECTIONS_MAX: variable({
      schema: wholeNumber({ min: 1, max: 1_000_000 }),
      fallback: '20000',
      meaning: 'MQTT connections at one time',
    }),
    PRAHARI_PACKET_BYTES_MAX: variable({
      schema: wholeNumber({ min: 1024, max: 16_777_216 }),
      fallback: '65536',
      meaning: 'largest MQTT packet, bytes',
    }),
    PRAHARI_TIME_AHEAD_MAX_S: variable({
      schema: wholeNumber({ min: 0, max: 86_400 }),
      fallback: '300',
      meaning: 'a reading further in the future than this is quarantined, seconds',
    }),
    PRAHARI_TIME_AGE_MAX_DAYS: variable({
      schema: wholeNumber({ min: 1, max: 3650 }),
      fallback: '7',
      meaning: 'a reading older than this is quarantined, days',
    }),
  },
  SOS: {
    PRAHARI_TIME_ZONE: variable({
      schema: text.refine(isTimeZone, 'must be a time zone such as Asia/Kolkata'),
      fallback: 'Asia/Kolkata',
      meaning: 'where the city is, for what counts as night; IANA name',
    }),
    PRAHARI_SOS_ESCALATE_S: variable({
      schema: wholeNumber({ min: 5, max: 3600 }),
      fallback: '30',
      meaning: 'an SOS that nobody acknowledged is told louder and wider after this, seconds',
    }),
    PRAHARI_SOS_SUPERVISE_S: variable({
      schema: wholeNumber({ min: 5, max: 7200 }),
      fallback: '120',
      meaning: 'and to supervisors after this, seconds',
    }),
    PRAHARI_SOS_SILENT_S: variable({
      schema: wholeNumber({ min: 30, max: 86_400 }),
      fallback: '300',
      meaning: 'somebody in an open SOS who was not heard of for this long is pointed out, seconds',
    }),
  },
  'Keeping data': {
    PRAHARI_SOS_POSITIONS_KEEP_DAYS: variable({
      schema: wholeNumber({ min: 1, max: 36_500 }),
      fallback: '90',
      meaning: 'where people were in SOS that were closed longer ago than this is deleted every night, days',
    }),
    PRAHARI_READINGS_KEEP_DAYS: variable({
      schema: wholeNumber({ min: 1, max: 36_500 }),
      fallback: '365',
      meaning: 'readings older than this are deleted every night, days; hourly roll-ups stay',
    }),
    PRAHARI_QUARANTINE_KEEP_DAYS: variable({
      schema: wholeNumber({ min: 1, max: 36_500 }),
      fallback: '30',
      meaning: 'quarantined messages older than this are deleted every night, days',
    }),
    PRAHARI_QUARANTINE_ROWS_MAX: variable({
      schema: wholeNumber({ min: 1000, max: 100_000_000 }),
      fallback: '1000000',
      meaning: 'quarantined messages kept at most; the oldest go first',
    }),
    PRAHARI_ALERTS_KEEP_DAYS: variable({
      schema: wholeNumber({ min: 1, max: 36_500 }),
      fallback: '365',
      meaning: 'resolved alerts older than this are deleted every night, days',
    }),
    PRAHARI_AUDIT_KEEP_DAYS: variable({
      schema: wholeNumber({ min: 30, max: 36_500 }),
      fallback: '730',
      meaning: 'the audit trail is kept this long, days; what is older is deleted every night, and the trail says so',
    }),
    PRAHARI_BACKUP_DIR: variable({
      schema: text,
      fallbackNote: 'off',
      meaning: 'where a nightly backup goes, one dated directory each',
    }),
    PRAHARI_BACKUPS_KEEP: variable({
      schema: wholeNumber({ min: 1, max: 365 }),
      fallback: '7',
      meaning: 'nightly backups kept; older ones are deleted after a new one succeeded',
    }),
  },
  'People and secrets': {
    PRAHARI_ADMIN_EMAIL: variable({
      schema: z.email('must be an e-mail address'),
      fallback: 'admin@prahari.local',
      meaning: 'first administrator, made when there is none',
    }),
    PRAHARI_ADMIN_PASSWORD: variable({
      schema: text.min(12, 'must be 12 characters or longer').max(72, 'must be 72 characters or shorter'),
      fallbackNote: 'a random one, printed once',
      meaning: 'first administrator’s password; later starts ignore it',
      secret: true,
    }),
    PRAHARI_PHONE_REGION: variable({
      schema: severalOf(z.string().regex(/^[A-Z]{2}$/, 'must be country codes such as IN, separated by commas')),
      fallback: 'IN',
      meaning:
        'country of phone numbers that are written without a country code, then others that codes may be sent to; ISO 3166-1 alpha-2, separated by commas',
    }),
    PRAHARI_JWT_SECRET: variable({
      schema: text.min(32, 'must be 32 characters or longer'),
      fallbackNote: 'generated into the data directory',
      meaning: 'signs access tokens',
      secret: true,
    }),
    PRAHARI_RECORDS_KEY: variable({
      schema: text.min(32, 'must be 32 characters or longer'),
      fallbackNote: 'generated into the data directory',
      meaning: 'seals second factors and chains the audit trail in the records; another one makes both unreadable',
      secret: true,
    }),
  },
  'Messages to people': messageVariables,
  'Watching it': {
    PRAHARI_METRICS_TOKEN: variable({
      schema: text.min(16, 'must be 16 characters or longer'),
      fallbackNote: 'off',
      meaning: 'bearer token with which a scraper may read `/metrics`; operators may anyway',
      secret: true,
    }),
  },
  'The demo city': {
    PRAHARI_DEMO: variable({
      schema: onOff,
      fallbackNote: '`on` outside production',
      meaning: 'a sample city with simulated devices, labelled as such everywhere',
    }),
    PRAHARI_DEMO_SEED: variable({
      schema: wholeNumber({ min: 0, max: 4_294_967_295 }),
      fallback: '1',
      meaning: 'the same seed makes the same city',
    }),
  },
  'Reserved for other deployments': {
    DATABASE_URL: variable({
      schema: text,
      meaning: 'PostgreSQL for records',
      secret: true,
      refusal: `PostgreSQL is not supported by this release: ${elsewhere}`,
    }),
    INFLUX_URL: variable({
      schema: text,
      meaning: 'InfluxDB for time series',
      refusal: `InfluxDB is not supported by this release: ${elsewhere}`,
    }),
    INFLUX_DATABASE: variable({
      schema: text,
      meaning: 'InfluxDB 1.x database',
      unused: 'InfluxDB is not supported by this release',
    }),
    INFLUX_ORG: variable({
      schema: text,
      meaning: 'InfluxDB 2.x organisation',
      unused: 'InfluxDB is not supported by this release',
    }),
    INFLUX_BUCKET: variable({
      schema: text,
      meaning: 'InfluxDB 2.x bucket',
      unused: 'InfluxDB is not supported by this release',
    }),
    INFLUX_TOKEN: variable({
      schema: text,
      meaning: 'InfluxDB 2.x token',
      secret: true,
      unused: 'InfluxDB is not supported by this release',
    }),
    PRAHARI_MQTT_UPSTREAM: variable({
      schema: text,
      meaning: 'read from an external broker instead of the embedded one',
      secret: true,
      refusal: 'reading from an external broker is not supported by this release: devices connect to Prahari itself',
    }),
    GEMINI_API_KEY: variable({
      schema: text,
      meaning: 'explanations by Gemini',
      secret: true,
      unused: 'this release makes no explanations',
    }),
    GEMINI_MODEL: variable({ schema: text, meaning: 'Gemini model', unused: 'this release makes no explanations' }),
    GEMINI_BASE_URL: variable({
      schema: text,
      meaning: 'Gemini address',
      unused: 'this release makes no explanations',
    }),
  },
} as const

type Groups = typeof variableGroups
type UnionToIntersection<U> = (U extends unknown ? (u: U) => void : never) extends (i: infer I) => void ? I : never
type Variables = UnionToIntersection<Groups[keyof Groups]>

/** The same variables without their headings. */
export const variables: Variables = Object.assign({}, ...Object.values(variableGroups))

export type VariableName = keyof Variables & string
type ValueOf<V> = V extends Variable<infer S> ? z.output<S> : never
type IsSure<V> = V extends { readonly fallback: string } ? true : false

/** Values by variable; one without a fallback may be absent. */
export type VariableValues = {
  readonly [N in VariableName]: IsSure<Variables[N]> extends true
    ? ValueOf<Variables[N]>
    : ValueOf<Variables[N]> | undefined
}
