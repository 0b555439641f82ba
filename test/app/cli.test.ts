import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'libsql'
import { describe, expect, it } from 'vitest'
import { createProgram, runCli } from '../../app/cli.ts'
import type { Terminal } from '../../app/terminal.ts'
import { kinds } from '../../contracts/kinds/index.ts'
import { aTempDir } from '../support/temp-dir.ts'
import { administrator, connectDevice, signIn, startRealPrahari } from './running-prahari.ts'

interface Run {
  readonly code: number
  readonly out: string
  readonly err: string
}

async function run(args: readonly string[], { env = {}, workingDir = '/' }: Partial<Terminal> = {}): Promise<Run> {
  const out: string[] = []
  const err: string[] = []
  const terminal = {
    env,
    workingDir,
    isTerminal: false,
    out: (line: string) => void out.push(line),
    err: (line: string) => void err.push(line),
  }
  const code = await runCli(['node', 'prahari', ...args], terminal)
  return { code, out: out.join('\n'), err: err.join('\n') }
}

/** Every command as the words one types, the innermost only. */
const commands = createProgram({
  env: {},
  workingDir: '/',
  isTerminal: false,
  out: () => {},
  err: () => {},
}).commands.flatMap((command) =>
  command.commands.length === 0
    ? [command.name()]
    : command.commands.map((child) => `${command.name()} ${child.name()}`),
)

describe('the command line', () => {
  it('has the commands that scripts rely on', () => {
    expect(commands).toEqual([
      'start',
      'simulate',
      'devices import',
      'kinds',
      'backup',
      'restore',
      'admin reset-password',
      'audit verify',
      'bench',
    ])
  })

  it.each(['', ...commands])('explains prahari %s', async (command) => {
    const { code, out } = await run([...command.split(' ').filter(Boolean), '--help'])
    expect(code).toBe(0)
    expect(out).toContain('Usage: prahari')
    // Which benchmarks there are is not what this holds to its word.
    const text = out.replace(/(Benchmarks:\n)(?: {2}.*\n)+/, '$1  ...\n')
    await expect(`${text}\n`).toMatchFileSnapshot(`__help__/${command.replaceAll(' ', '-') || 'prahari'}.txt`)
  })

  it.each(commands)('shows how prahari %s is used', async (command) => {
    const { out } = await run([...command.split(' '), '--help'])
    expect(out).toMatch(new RegExp(`Examples:\\n( {2}.*\\n)* {2}.*prahari ${command}`))
  })

  it.each([
    { args: ['strat'], says: "unknown command 'strat'\n(Did you mean start?)" },
    { args: ['start', '--prot', '1'], says: "unknown option '--prot'" },
    { args: ['start', 'now'], says: 'too many arguments' },
    { args: ['backup'], says: "missing required argument 'dir'" },
    { args: ['devices', 'export'], says: "unknown command 'export'" },
    { args: ['start', '--http-port', 'x'], says: 'PRAHARI_HTTP_PORT must be a whole number' },
    { args: ['devices', 'import', 'fleet.xml'], says: 'fleet.xml is neither .csv nor .json' },
    { args: ['devices', 'import', 'nowhere.csv'], says: 'nowhere.csv cannot be read' },
    { args: ['simulate', '--devices', 'many'], says: '--devices must be a whole number' },
    { args: ['bench', 'nothing-like-it'], says: 'there is no benchmark "nothing-like-it"' },
    { args: ['bench', '--seed', 'x'], says: '--seed must be a whole number' },
  ])('refuses $args with 2 and says why', async ({ args, says }) => {
    const { code, err } = await run(args)
    expect(err).toContain(says)
    expect(code).toBe(2)
  })

  it('prints its help when nothing is asked', async () => {
    const { code, err } = await run([])
    expect(err).toContain('Usage: prahari')
    expect(code).toBe(2)
  })

  it('lists the kinds, for people and for programs', async () => {
    const { out } = await run(['kinds'])
    for (const { id } of kinds) expect(out).toContain(id)
    const { out: json } = await run(['kinds', '--json'])
    expect((JSON.parse(json) as { id: string }[]).map(({ id }) => id)).toEqual(kinds.map(({ id }) => id))
  })
})

describe('devices import', () => {
  const csv = 'id,name,kinds,latitude,longitude\nlamp-1,Lamp 1,noise,15,88\nno id,Bad,noise,15,88\n'

  async function aServer() {
    const workingDir = await aTempDir()
    const server = await startRealPrahari(await aTempDir())
    const env = { PRAHARI_ADMIN_EMAIL: administrator.email, PRAHARI_ADMIN_PASSWORD: administrator.password }
    return { server, workingDir, env, at: ['--url', server.url] }
  }

  it('reports line by line, with secrets that open the door', async () => {
    const { workingDir, env, at } = await aServer()
    writeFileSync(join(workingDir, 'fleet.csv'), csv)
    const { code, out, err } = await run(['devices', 'import', 'fleet.csv', ...at], { env, workingDir })
    expect(out).toMatch(/^2\tlamp-1\tcreated\t[\w-]{43}\n3\tno id\tfailed\tid: letters, digits/)
    expect(err).toContain('1 created, 1 failed')
    expect(code).toBe(1)
  })

  it('writes secrets to a file for the owner alone, and to no other place', async () => {
    const { workingDir, env, at } = await aServer()
    writeFileSync(join(workingDir, 'fleet.json'), '[{"id":"lamp-2"}]')
    const args = ['devices', 'import', 'fleet.json', '--secrets', 'secrets.csv', ...at]
    const { code, out } = await run(args, { env, workingDir })
    expect([code, out]).toEqual([0, '1\tlamp-2\tcreated'])
    expect(statSync(join(workingDir, 'secrets.csv')).mode & 0o777).toBe(0o600)
  })

  it('registers nothing when the secrets could not be kept', async () => {
    const { server, workingDir, env, at } = await aServer()
    writeFileSync(join(workingDir, 'fleet.json'), '[{"id":"lamp-2"}]')
    writeFileSync(join(workingDir, 'secrets.csv'), 'of an earlier import')
    const args = ['devices', 'import', 'fleet.json', '--secrets', 'secrets.csv', ...at]
    const refused = await run(args, { env, workingDir })
    expect(refused).toMatchObject({ code: 2, err: expect.stringContaining('cannot be made for the secrets') })
    expect(await (await signIn(server.url)).get('/api/devices')).toMatchObject({ items: [] })
  })

  it('says when the password is wrong, missing, or no server is there', async () => {
    const { workingDir, env, at } = await aServer()
    writeFileSync(join(workingDir, 'fleet.csv'), csv)
    const args = ['devices', 'import', 'fleet.csv']
    const wrong = await run([...args, ...at], {
      env: { ...env, PRAHARI_ADMIN_PASSWORD: 'not the password' },
      workingDir,
    })
    expect(wrong).toMatchObject({ code: 1, err: expect.stringContaining('the server refused') })
    const missing = await run([...args, ...at], { workingDir })
    expect(missing).toMatchObject({ code: 2, err: expect.stringContaining('no password') })
    const nobody = await run([...args, '--url', 'http://127.0.0.1:1'], { env, workingDir })
    expect(nobody).toMatchObject({ code: 1, err: expect.stringContaining('no server answers') })
  })
})

describe('backup and restore', () => {
  it('work on a data directory whether a server runs on it or not', async () => {
    const workingDir = await aTempDir()
    const [dataDir, restoredDir] = [join(workingDir, 'data'), join(workingDir, 'restored')]
    const server = await startRealPrahari(dataDir)
    await connectDevice(await signIn(server.url), server.mqttUrl, 'lamp-17')
    const env = { PRAHARI_DATA_DIR: dataDir }

    const running = await run(['backup', 'one'], { env, workingDir })
    expect(running).toMatchObject({ code: 0, out: expect.stringContaining('by the running server') })
    const refused = await run(['restore', 'one'], { env, workingDir })
    expect(refused).toMatchObject({ code: 1, err: expect.stringContaining('another Prahari runs') })
    await server.stop()

    const stopped = await run(['backup', 'two'], { env, workingDir })
    expect(stopped).toMatchObject({ code: 0, out: expect.stringContaining('with no server running') })
    const again = await run(['backup', 'two'], { env, workingDir })
    expect(again).toMatchObject({ code: 1, err: expect.stringContaining('is there already') })
    const full = await run(['restore', 'two'], { env, workingDir })
    expect(full).toMatchObject({ code: 1, err: expect.stringContaining('holds data already') })

    const done = await run(['restore', 'two', '--data-dir', restoredDir], { env, workingDir })
    expect(done).toMatchObject({ code: 0, out: expect.stringMatching(/^Restored 4 files/) })
    const forced = await run(['restore', 'two', '--force'], { env, workingDir })
    expect(forced.out).toMatch(/^What was there lies in .*before-restore-.*\.\nRestored 4 files/)
    const restored = await startRealPrahari(restoredDir)
    expect(await (await signIn(restored.url)).get('/api/devices')).toMatchObject({ items: [{ id: 'lamp-17' }] })
  })

  it('make no data directory when asked to back up what is not there', async () => {
    const workingDir = await aTempDir()
    const result = await run(['backup', 'one', '--data-dir', 'nothing'], { workingDir })
    expect(result).toMatchObject({ code: 1, err: expect.stringContaining('there is no data') })
    expect(existsSync(join(workingDir, 'nothing'))).toBe(false)
  })
})

describe('production', () => {
  const env = { NODE_ENV: 'production' }

  it('asks the server for a way to send codes and a word on HTTPS', async () => {
    const { code, err } = await run(['start'], { env, workingDir: await aTempDir() })
    expect(code).toBe(2)
    for (const name of ['OTP_DELIVERY', 'PRAHARI_TLS_TERMINATION']) expect(err).toContain(`${name} must be set`)
  })

  it.each(['backup', 'restore'])('asks %s for neither', async (command) => {
    const { code, err } = await run([command, 'nowhere'], { env, workingDir: await aTempDir() })
    expect(code).not.toBe(0)
    expect(err).not.toContain('configuration')
  })
})

describe('audit verify', () => {
  const headOf = (out: string) => /^Its head is (\d+:[0-9a-f]{64})$/m.exec(out)?.[1] ?? 'none'

  it('finds what was done to the trail, whether a server runs or not, also by a head noted earlier', async () => {
    const workingDir = await aTempDir()
    const dataDir = join(workingDir, 'data')
    const env = { PRAHARI_DATA_DIR: dataDir }
    const server = await startRealPrahari(dataDir)
    const running = await run(['audit', 'verify'], { env, workingDir })
    expect(running).toMatchObject({ code: 0, out: expect.stringMatching(/^The audit trail is whole: \d+ rows, 1 to /) })
    const noted = headOf(running.out)
    const backedUp = await run(['backup', 'copy'], { env, workingDir })
    expect(backedUp.code).toBe(0)
    const grown = await run(['audit', 'verify', '--expect', noted], { env, workingDir })
    expect([grown.code, headOf(grown.out) === noted]).toEqual([0, false])
    await server.stop()

    const stopped = await run(['audit', 'verify', '--expect', headOf(grown.out)], { env, workingDir })
    expect(stopped).toMatchObject({ code: 0, out: grown.out })
    const restored = await run(['restore', 'copy', '--data-dir', 'other'], { env, workingDir })
    expect(restored.code).toBe(0)
    const manifest = JSON.parse(readFileSync(join(workingDir, 'copy', 'manifest.json'), 'utf8')) as {
      auditHead: { seq: number; chain: string }
    }
    const ofBackup = `${manifest.auditHead.seq}:${manifest.auditHead.chain}`
    const other = ['--data-dir', 'other']
    expect(await run(['audit', 'verify', '--expect', ofBackup, ...other], { workingDir })).toMatchObject({ code: 0 })
    // The restore is written down there, and the backup was only here.
    expect(await run(['audit', 'verify', '--expect', headOf(grown.out), ...other], { workingDir })).toMatchObject({
      code: 1,
      out: expect.stringMatching(/^\d+\tunlike-expected\t/),
    })

    const raw = new Database(join(dataDir, 'records.db'))
    raw.exec("update audit set actor = 'somebody else' where seq = 1")
    raw.close()
    const altered = await run(['audit', 'verify'], { env, workingDir })
    expect(altered).toMatchObject({
      code: 1,
      out: expect.stringMatching(/^1\taltered\t[\w-]+$/),
      err: 'prahari: the audit trail is not what was written',
    })
    const again = await startRealPrahari(dataDir)
    expect(await run(['audit', 'verify'], { env, workingDir })).toMatchObject({ code: 1, out: altered.out })
    await again.stop()
  })

  it('says what a restore and a backup left in the trail', async () => {
    const workingDir = await aTempDir()
    const dataDir = join(workingDir, 'data')
    const server = await startRealPrahari(dataDir)
    await run(['backup', 'copy', '--data-dir', dataDir], { workingDir })
    await server.stop()
    await run(['restore', 'copy', '--data-dir', 'other'], { workingDir })
    const actionsIn = async (dir: string) => {
      const opened = await startRealPrahari(dir)
      const { items } = await (await signIn(opened.url)).get<{ items: { action: string }[] }>('/api/audit')
      await opened.stop()
      return items.map(({ action }) => action)
    }
    expect(await actionsIn(dataDir)).toContain('backup-made')
    expect(await actionsIn(join(workingDir, 'other'))).toContain('backup-restored')
  })

  it('does not judge by a key it has drawn itself', async () => {
    const workingDir = await aTempDir()
    const env = { PRAHARI_RECORDS_KEY: 'the records key of this test, 32 or more' }
    const server = await startRealPrahari(workingDir, env)
    await run(['backup', 'copy', '--data-dir', workingDir], { workingDir })
    await server.stop()
    const args = ['audit', 'verify', '--data-dir', workingDir]
    const blind = await run(args, { workingDir })
    expect(blind).toMatchObject({ code: 1, err: expect.stringContaining('PRAHARI_RECORDS_KEY') })
    expect(existsSync(join(workingDir, 'records-key'))).toBe(false)
    expect(await run(args, { workingDir, env })).toMatchObject({ code: 0 })
    const restored = await run(['restore', 'copy', '--data-dir', 'other'], { workingDir })
    expect(restored).toMatchObject({ code: 0, err: expect.stringContaining('does not say in its audit trail') })
  })

  it.each(['17', '17:short', `x:${'0'.repeat(64)}`, `17:${'0'.repeat(65)}`])('takes no %s for a head', async (head) => {
    const { code, err } = await run(['audit', 'verify', '--expect', head])
    expect([code, err]).toEqual([2, expect.stringContaining('a head is a number, a colon and 64 hex digits')])
  })

  it('says where there is nothing to look at', async () => {
    const workingDir = await aTempDir()
    const nothing = await run(['audit', 'verify', '--data-dir', 'nothing'], { workingDir })
    expect(nothing).toMatchObject({ code: 1, err: expect.stringContaining('there is no data') })
  })
})

describe('simulate', () => {
  it('sends a fleet’s readings and finds them in the ledger', async () => {
    const server = await startRealPrahari(await aTempDir())
    const env = { PRAHARI_ADMIN_EMAIL: administrator.email, PRAHARI_ADMIN_PASSWORD: administrator.password }
    const args = [
      'simulate',
      'calm',
      '--devices',
      '3',
      '--duration',
      '2',
      '--url',
      server.url,
      '--mqtt-url',
      server.mqttUrl,
    ]
    const { code, out, err } = await run(args, { env })
    expect(code, err).toBe(0)
    expect(out).toContain('every device matches the ledger')
  })
})
