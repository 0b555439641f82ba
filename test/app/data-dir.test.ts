import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { type IncomingMessage, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { ControlActions } from '../../app/control/actions.ts'
import { controlAddress } from '../../app/control/address.ts'
import { askServer } from '../../app/control/client.ts'
import { createControlServer } from '../../app/control/server.ts'
import { openDataDir, readOrDrawSecret } from '../../app/data-dir.ts'
import { AppError } from '../../contracts/errors.ts'

const log = { warn: () => undefined }
const unused = () => Promise.reject(new Error('not asked for'))
const actions: ControlActions = {
  status: async () => ({ pid: 42, version: '1.0.0', startedAtMs: 0, url: 'http://127.0.0.1:3000' }),
  backup: unused,
  auditVerify: unused,
  resetPassword: () => Promise.reject(new AppError('not-found', 'user-not-found', 'nobody has that address')),
}
let dataDir: string

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'prahari-data-'))
})
afterEach(() => rmSync(dataDir, { recursive: true, force: true }))

describe('a data directory', () => {
  it('is for its owner alone', () => {
    const { path } = openDataDir(join(dataDir, 'new', 'one'))
    expect(statSync(path).mode & 0o777).toBe(0o700)
  })

  it('is refused where it cannot be', () => {
    writeFileSync(join(dataDir, 'file'), '')
    expect(() => openDataDir(join(dataDir, 'file', 'data'))).toThrow(/cannot be used: .*ENOTDIR/)
  })

  it('keeps one signing key, readable by its owner alone', () => {
    const path = join(dataDir, 'jwt-secret')
    const drawn = readOrDrawSecret(path)
    expect(drawn.length).toBeGreaterThanOrEqual(32)
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(readOrDrawSecret(path)).toBe(drawn)
  })

  it('does not sign with a key that was damaged', () => {
    const path = join(dataDir, 'jwt-secret')
    writeFileSync(path, 'short')
    expect(() => readOrDrawSecret(path)).toThrow(/holds no usable secret/)
  })
})

describe('the claim on a data directory', () => {
  it('keeps a second server off and says who holds it', async () => {
    const first = createControlServer({ dataDir, actions, log })
    await first.claim()
    const second = createControlServer({ dataDir, actions, log })
    await expect(second.claim()).rejects.toThrow(/process 42, since 1970-01-01.*at http:\/\/127\.0\.0\.1:3000/)
    await first.release()
    await second.claim()
    await second.release()
  })

  it('is free again after a server was killed', async () => {
    const address = controlAddress(dataDir)
    const script = `require('node:net').createServer().listen(${JSON.stringify(address)}, () => console.log('up'))`
    const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] })
    await once(child.stdout, 'data')
    child.kill('SIGKILL')
    await once(child, 'exit')
    expect(statSync(address).isSocket()).toBe(true)

    const server = createControlServer({ dataDir, actions, log })
    await server.claim()
    expect(await askServer(dataDir, 'status', {})).toMatchObject({ pid: 42 })
    await server.release()
  })

  it('is for the owner alone', async () => {
    const server = createControlServer({ dataDir, actions, log })
    await server.claim()
    expect(statSync(controlAddress(dataDir)).mode & 0o777).toBe(0o600)
    await server.release()
  })

  it('works for a path too long for a socket', async () => {
    const deep = openDataDir(join(dataDir, 'd'.repeat(120))).path
    const server = createControlServer({ dataDir: deep, actions, log })
    await server.claim()
    expect(await askServer(deep, 'status', {})).toMatchObject({ pid: 42 })
    await server.release()
  })
})

describe('the way in for the command line', () => {
  it('answers that nobody is there', async () => {
    expect(await askServer(dataDir, 'status', {})).toBeUndefined()
  })

  it('hands on how far an action is, before its answer, and tells it when nobody waits any more', async () => {
    let gone: (reached: boolean) => void = () => {}
    const isTold = new Promise<boolean>((resolve) => {
      gone = resolve
    })
    const server = createControlServer({
      dataDir,
      log,
      actions: {
        ...actions,
        async auditVerify({ expect: head }, { progress, signal }) {
          for (const checked of [500, 1000]) progress({ checked, count: 1200 })
          if (head === undefined) return { type: 'intact', count: 1200, firstSeq: 1, seq: 1200, chain: '' }
          signal.addEventListener('abort', () => gone(true))
          return new Promise(() => {})
        },
      },
    })
    await server.claim()
    const seen: unknown[] = []
    const answer = await askServer(dataDir, 'auditVerify', {}, (progress) => seen.push(progress))
    expect(answer).toMatchObject({ type: 'intact', count: 1200 })
    expect(seen).toEqual([500, 1000].map((checked) => ({ checked, count: 1200 })))

    const asked = request({ socketPath: controlAddress(dataDir), path: '/auditVerify', method: 'POST', agent: false })
    asked.on('error', () => {})
    asked.end(JSON.stringify({ expect: { seq: 1, chain: '' } }))
    const [response] = (await once(asked, 'response')) as [IncomingMessage]
    await once(response, 'data')
    asked.destroy()
    expect(await isTold).toBe(true)
    await server.release()
  })

  it('says so when the server goes away before it has answered', async () => {
    const server = createControlServer({
      dataDir,
      log,
      actions: {
        ...actions,
        async auditVerify(_input, { progress }) {
          progress({})
          return new Promise(() => {})
        },
      },
    })
    await server.claim()
    const asking = askServer(dataDir, 'auditVerify', {}, () => void server.release())
    await expect(asking).rejects.toMatchObject({ code: 'control-unreachable' })
  })

  it('hands on what an action refused', async () => {
    const server = createControlServer({ dataDir, actions, log })
    await server.claim()
    await expect(askServer(dataDir, 'resetPassword', { email: 'a@b.example' })).rejects.toMatchObject({
      code: 'user-not-found',
    })
    await expect(askServer(dataDir, 'toString' as 'status', {})).rejects.toMatchObject({ code: 'unknown-action' })
    await server.release()
  })
})
