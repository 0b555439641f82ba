import { execFileSync, spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export const hasOpenssl = spawnSync('openssl', ['version']).status === 0
if (!hasOpenssl) console.warn('MQTT over TLS is not tested: there is no openssl to make certificates with')

export interface CertificateFiles {
  readonly certPath: string
  readonly keyPath: string
}

export interface Signing {
  /** Name of the certificate that signs; in the same directory. */
  readonly ca: string
  /** Valid from now for two days where absent. */
  readonly fromMs?: number
  readonly untilMs?: number
}

/** A certificate of its own or signed by another, made when it is needed so that none can expire in the project. */
export function makeCertificate(directory: string, name: string, signing?: Signing): CertificateFiles {
  const path = (file: string) => join(directory, file)
  const [certPath, keyPath] = [path(`${name}.crt`), path(`${name}.key`)]
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', keyPath]
  const subject = ['-subj', `/CN=${name}`]
  if (signing === undefined) {
    openssl(
      'req',
      '-x509',
      ...key,
      '-days',
      '2',
      ...subject,
      '-addext',
      'subjectAltName=DNS:localhost',
      '-out',
      certPath,
    )
    return { certPath, keyPath }
  }
  openssl('req', ...key, ...subject, '-out', path(`${name}.csr`))
  const { ca, fromMs = Date.now(), untilMs = fromMs + 2 * 86_400_000 } = signing
  // Only as a CA does openssl say from when on a certificate is valid.
  openssl(
    'ca',
    '-batch',
    '-notext',
    ...['-config', writeCaConfig(directory, ca), '-cert', path(`${ca}.crt`), '-keyfile', path(`${ca}.key`)],
    ...['-startdate', toAsn1Time(fromMs), '-enddate', toAsn1Time(untilMs)],
    ...['-in', path(`${name}.csr`), '-out', certPath],
  )
  return { certPath, keyPath }
}

export function readCertificate({ certPath, keyPath }: CertificateFiles) {
  return { cert: readFileSync(certPath), key: readFileSync(keyPath) }
}

function openssl(...args: string[]): void {
  execFileSync('openssl', args, { stdio: 'pipe' })
}

function writeCaConfig(directory: string, ca: string): string {
  const path = join(directory, `${ca}.cnf`)
  const database = join(directory, `${ca}.index`)
  writeFileSync(database, '')
  writeFileSync(
    path,
    `[ca]
default_ca = city
[city]
database = ${database}
new_certs_dir = ${directory}
default_md = sha256
rand_serial = yes
unique_subject = no
policy = names
[names]
commonName = supplied
`,
  )
  return path
}

/** YYYYMMDDHHMMSSZ, to the second. */
function toAsn1Time(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19).replaceAll(/[-:T]/g, '')}Z`
}
