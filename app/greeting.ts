import type { Config } from './config/config.ts'
import type { Prahari } from './prahari.ts'

/** What a person reads after a start: where to go, how to sign in, and what is not real. */
export function greet(config: Config, { url, mqttUrl, administrator, demo }: Prahari): string[] {
  const lines = ['', 'Prahari is running.']
  if (url) lines.push(`  Open       ${url}`)
  if (url) lines.push(...signInLines(administrator))
  if (mqttUrl) lines.push(`  MQTT       ${mqttUrl}`)
  lines.push(`  Data       ${config.dataDir}`)
  if (demo) {
    lines.push(
      `  Simulated  ${demo.deviceCount} devices of a made-up city; nothing they report is real. PRAHARI_DEMO=off leaves them out.`,
    )
  }
  lines.push(...config.warnings.map((warning) => `  Warning    ${warning}`), '')
  return lines
}

function signInLines({ email, password, created }: Prahari['administrator']): string[] {
  if (!created) return [`  Sign in    ${email}; forgotten the password? "prahari admin reset-password"`]
  if (password === undefined) return [`  Sign in    ${email} with the password of PRAHARI_ADMIN_PASSWORD`]
  return [`  Sign in    ${email}`, `  Password   ${password}   (shown this once; only a hash is kept)`]
}
