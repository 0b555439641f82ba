import { spawnSync } from 'node:child_process'
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { projectRoot } from '../house/project-files.ts'
import { aTempDir } from '../support/temp-dir.ts'
import { runStart } from './server-process.ts'

const quiet = { PRAHARI_DEMO: 'off' }

// Here and not in the first test: its time limit is about the server, not about the compiler.
beforeAll(() => {
  const build = spawnSync(process.execPath, [join(projectRoot, 'bin/build.mjs')], { encoding: 'utf8' })
  expect(build.status, build.stderr).toBe(0)
}, 300_000)

describe('prahari start', { timeout: 120_000 }, () => {
  it('prints a password once, and how to get another ever after', async () => {
    const env = { ...quiet, PRAHARI_DATA_DIR: await aTempDir() }
    const first = runStart(env)
    const [, url] = await first.until(/Open {7}(http:\S+)/)
    const [, password] = await first.until(/Password {3}(\S+)/)
    const headers = { 'content-type': 'application/json' }
    const body = JSON.stringify({ email: 'admin@prahari.local', password })
    expect((await fetch(`${url}/api/auth/login`, { method: 'POST', headers, body })).status).toBe(200)
    first.child.kill('SIGTERM')
    expect(await first.exited).toEqual({ code: 0, signal: null })
    const stored = readFileSync(join(env.PRAHARI_DATA_DIR, 'records.db'))
    expect(stored.includes(password!)).toBe(false)

    const second = runStart(env)
    await second.until(/Sign in {4}admin@prahari\.local; forgotten the password\? "prahari admin reset-password"/)
    expect(second.output()).not.toContain('Password')
    expect(first.output().split(password!)).toHaveLength(2)
  })

  it('says what is simulated', async () => {
    const server = runStart({ PRAHARI_DATA_DIR: await aTempDir() })
    await server.until(/Simulated {2}\d+ devices of a made-up city; nothing they report is real/)
  })

  it('tells a container whether it is ready', async () => {
    const check = (port: string) => {
      const env = { ...process.env, PRAHARI_HTTP_PORT: port }
      return spawnSync(process.execPath, [join(projectRoot, 'bin/healthcheck.mjs')], { env, encoding: 'utf8' })
    }
    const server = runStart({ ...quiet, PRAHARI_DATA_DIR: await aTempDir() })
    const [, url] = await server.until(/Open {7}(http:\S+)/)
    await server.until(/Data {7}/)
    const { port } = new URL(url!)
    expect(check(port)).toMatchObject({ status: 0, stdout: expect.stringContaining('"ready":true') })
    server.child.kill('SIGTERM')
    await server.exited
    expect(check(port)).toMatchObject({ status: 1, stdout: expect.stringContaining('no answer') })
  })

  it('starts again after it was killed', async () => {
    const env = { ...quiet, PRAHARI_DATA_DIR: await aTempDir() }
    const first = runStart(env)
    await first.until(/Prahari is running/)
    first.child.kill('SIGKILL')
    await first.exited
    await runStart(env).until(/Prahari is running/)
  })

  it('leaves with 1 when another server holds the data directory', async () => {
    const env = { ...quiet, PRAHARI_DATA_DIR: await aTempDir() }
    await runStart(env).until(/Prahari is running/)
    const second = runStart(env)
    expect(await second.exited).toEqual({ code: 1, signal: null })
    expect(second.output()).toMatch(/^prahari: another Prahari runs on /m)
  })

  it('reports every fault of its configuration and leaves with 2', async () => {
    const server = runStart({ PRAHARI_HTTP_PORT: 'x', PRAHARI_TYPO: '1', DATABASE_URL: 'postgres://u:hidden@h/d' })
    expect(await server.exited).toEqual({ code: 2, signal: null })
    expect(server.output()).toMatch(
      /3 faults:\n {2}PRAHARI_HTTP_PORT .*\n {2}DATABASE_URL cannot be used.*\n {2}PRAHARI_TYPO /,
    )
    expect(server.output()).not.toContain('hidden')
  })

  it('stops in order when interrupted while it starts', async () => {
    const server = runStart({ ...quiet, PRAHARI_DATA_DIR: await aTempDir(), PRAHARI_LOG_LEVEL: 'debug' })
    await server.until(/"service":"records"/)
    server.child.kill('SIGINT')
    expect(await server.exited).toEqual({ code: 0, signal: null })
    expect(server.output()).not.toContain('Prahari is running')
  })
})

describe('the README’s way to connect a device', { timeout: 120_000 }, () => {
  const hasMosquitto = spawnSync('mosquitto_pub', ['--version']).error === undefined
  const [, lines] =
    /## Connect a device[\s\S]*?```sh\n([\s\S]*?)```/.exec(readFileSync(join(projectRoot, 'README.md'), 'utf8')) ?? []

  it('is five lines', () => {
    expect(lines?.trim().split('\n')).toHaveLength(5)
  })

  it.skipIf(!hasMosquitto)('works as written (skipped without mosquitto_pub)', async () => {
    const [directory, dataDir] = [await aTempDir(), await aTempDir()]
    const server = runStart({ ...quiet, PRAHARI_DATA_DIR: dataDir, PRAHARI_ADMIN_PASSWORD: 'a password of this test' })
    const [, url] = await server.until(/Open {7}(http:\S+)/)
    const [, mqttPort] = await server.until(/MQTT {7}mqtt:\/\/[^:]+:(\d+)/)
    await server.until(/Data {7}/)

    // What a reader has and this test has not: `prahari` in the path, and the usual ports.
    const script = [
      'set -euo pipefail',
      `npx() { shift; node '${join(projectRoot, 'bin/prahari.mjs')}' "$@"; }`,
      `mosquitto_pub() { command mosquitto_pub -p ${mqttPort} "$@"; }`,
      lines,
    ].join('\n')
    writeFileSync(join(directory, 'connect.sh'), script)
    const env = {
      ...process.env,
      PRAHARI_ADMIN_PASSWORD: 'a password of this test',
      PRAHARI_HTTP_PORT: new URL(url!).port,
    }
    const run = spawnSync('bash', ['connect.sh'], { cwd: directory, env, encoding: 'utf8' })
    expect(run.stderr + run.stdout).toContain('1 created, 0 failed')
    expect(run.status).toBe(0)
    expect(statSync(join(directory, 'fleet-secrets.csv')).mode & 0o777).toBe(0o600)

    const headers = { 'content-type': 'application/json' }
    const body = JSON.stringify({ email: 'admin@prahari.local', password: 'a password of this test' })
    const session = await fetch(`${url}/api/auth/login`, { method: 'POST', headers, body })
    const { accessToken } = (await session.json()) as { accessToken: string }
    const authorization = `Bearer ${accessToken}`
    const detail = await fetch(`${url}/api/devices/lamp-17`, { headers: { authorization } })
    expect(await detail.json()).toMatchObject({ id: 'lamp-17', latest: [{ kind: 'noise', values: { laeqDb: 61.2 } }] })
  })
})
