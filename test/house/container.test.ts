import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readConfig } from '../../app/config/config.ts'
import { messageVariables } from '../../app/config/message-variables.ts'
import { variables } from '../../app/config/variables.ts'
import { AppError } from '../../contracts/errors.ts'
import { production } from '../app/config/production-env.ts'
import { projectRoot } from './project-files.ts'

const read = (path: string) => readFileSync(join(projectRoot, path), 'utf8')
const dockerfile = read('Dockerfile').replaceAll('\\\n', ' ')
const instructions = dockerfile.split('\n').filter((line) => /^[A-Z]+ /.test(line))
const lastStage = instructions.slice(instructions.findLastIndex((line) => line.startsWith('FROM ')))
const compose = read('docker-compose.yml')

/** What the image is told to ignore at the top of the context. */
const ignored = new Set(read('.dockerignore').split('\n').filter(Boolean))

describe('the container image', () => {
  it('runs the release that package.json asks for', () => {
    const { engines } = JSON.parse(read('package.json')) as { engines: { node: string } }
    const [, major] = /^FROM node:(\d+)/m.exec(dockerfile)!
    expect(engines.node).toMatch(new RegExp(`^>=${major}\\.`))
  })

  it('runs as nobody special', () => {
    const users = lastStage.filter((line) => line.startsWith('USER '))
    expect(users).toEqual(['USER node'])
    const commands = lastStage.findIndex((line) => line.startsWith('ENTRYPOINT'))
    expect(lastStage.indexOf('USER node')).toBeLessThan(commands)
  })

  it('copies only what the build makes or the project has', () => {
    const copied = instructions
      .filter((line) => line.startsWith('COPY '))
      .flatMap((line) => line.split(' ').slice(1, -1))
      .filter((source) => !source.startsWith('--') && source !== '.')
      .map((source) => source.replace('/src/', '').replace('./', ''))
    const made = new Set(['node_modules', 'dist'])
    expect(copied.length).toBeGreaterThan(3)
    for (const source of copied) expect(made.has(source) || existsSync(join(projectRoot, source)), source).toBe(true)
  })

  it('leaves no source, secret or data in the build context that it does not need', () => {
    for (const name of ['.git', '.env', 'data', 'node_modules', 'dist']) expect(ignored).toContain(name)
    for (const needed of ['app', 'bin', 'dashboard', 'package-lock.json', 'tsconfig.build.json']) {
      expect(ignored).not.toContain(needed)
    }
  })

  it('has a health check and an entry that exist', () => {
    for (const [, file] of dockerfile.matchAll(/"(bin\/[\w-]+\.mjs)"/g)) {
      expect(existsSync(join(projectRoot, file!)), file).toBe(true)
    }
    expect(dockerfile).toMatch(/^HEALTHCHECK /m)
  })

  it('sets only variables that exist, and opens the ports they name', () => {
    const names = [...dockerfile.matchAll(/\b(PRAHARI_[A-Z_]+)=/g)].map(([, name]) => name!)
    expect(names.length).toBeGreaterThan(0)
    for (const name of names) expect(variables).toHaveProperty(name)
    const { PRAHARI_HTTP_PORT: http, PRAHARI_MQTT_PORT: mqtt } = variables
    expect(dockerfile).toMatch(new RegExp(`^EXPOSE ${http.fallback} ${mqtt.fallback}\\b`, 'm'))
  })
})

describe('the compose file', () => {
  it('sets only variables that exist', () => {
    const names = [...compose.matchAll(/^ {6}([A-Z_]+): /gm)].map(([, name]) => name!)
    expect(names.length).toBeGreaterThan(3)
    for (const name of names) expect(variables).toHaveProperty(name)
  })

  /** Variable -> what stands for it where the machine does not set it. */
  const passedOn = new Map(
    [...compose.matchAll(/^ {6}([A-Z_]+): \$\{\1:-(.*)\}$/gm)].map(([, name, fallback]) => [name!, fallback!]),
  )

  /** The variables found at fault when the machine sets those given. */
  function faultsWith(given: Readonly<Record<string, string>>): (string | undefined)[] {
    const env = Object.fromEntries([...passedOn].map(([name, fallback]) => [name, given[name] || fallback]))
    try {
      readConfig({ env, workingDir: projectRoot, isTerminal: false, serves: true })
      return []
    } catch (error) {
      if (!(error instanceof AppError)) throw error
      return error.details.map(({ path }) => path)
    }
  }

  it('runs as production, which says what it still needs', () => {
    expect(passedOn.get('NODE_ENV')).toBe('production')
    expect(faultsWith({})).toEqual(['OTP_DELIVERY', 'PRAHARI_TLS_TERMINATION'])
  })

  it('passes on all that a way to send messages needs', () => {
    // The base URL is for tests.
    const names = Object.keys(messageVariables).filter((name) => /^(OTP|TWILIO|SMTP)_(?!BASE_URL)/.test(name))
    expect(names.length).toBeGreaterThan(6)
    for (const name of names) expect(passedOn.has(name), name).toBe(true)
    expect(faultsWith(production)).toEqual([])
  })

  it('starts for a look around with nothing set', () => {
    expect(faultsWith({ NODE_ENV: 'development' })).toEqual([])
  })

  it('gives a stop more time than a stop may take', () => {
    const [, graceS] = /stop_grace_period: (\d+)s/.exec(compose)!
    expect(Number(graceS)).toBeGreaterThan(Number(variables.PRAHARI_STOP_DEADLINE_S.fallback))
  })

  it('publishes no port to the world', () => {
    const published = [...compose.matchAll(/^ {6}- "([^"]+:\d+:\d+)"/gm)].map(([, port]) => port!)
    expect(published.length).toBeGreaterThan(0)
    for (const port of published) expect(port).toMatch(/^127\.0\.0\.1:/)
  })
})
