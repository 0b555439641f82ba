import { readFile } from 'node:fs/promises'
import mqtt, { type MqttClient } from 'mqtt'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { topics } from '../../contracts/topics.ts'
import { chromiumPath, goTo, launchChromium, openPage, signIn, untilLive } from './browser.ts'
import { administrator, type RunningServer, startServer } from './server.ts'

/** The first start may build the server and the dashboard. */
const startMsMax = 240_000

interface Somebody {
  readonly email: string
  readonly password: string
}

describe.skipIf(chromiumPath === undefined)('administration in a browser', { timeout: 90_000 }, () => {
  let server: RunningServer
  let browser: Browser

  beforeAll(async () => {
    ;[server, browser] = await Promise.all([startServer({ demo: false, enrolment: 'key' }), launchChromium()])
  }, startMsMax)

  afterAll(async () => {
    await browser?.close()
    await server?.stop()
  })

  /**
   * Runs a test as somebody, in a browser of their own.
   * @param expected statuses that the browser itself reports as errors when a test provokes them
   */
  async function as(
    somebody: Somebody,
    work: (page: Page) => Promise<void>,
    { expected = [] }: { readonly expected?: readonly number[] } = {},
  ): Promise<void> {
    const { page, context, faults } = await openPage(browser, { origin: server.url })
    try {
      await signIn(page, somebody)
      await untilLive(page)
      await work(page)
      expect(faults.filter((fault) => !expected.some((status) => fault.includes(String(status))))).toEqual([])
    } finally {
      await context.close()
    }
  }

  /** What is in the card of a secret, and the card put away. */
  async function takeSecret(page: Page, title: string): Promise<string> {
    const card = page.getByRole('region', { name: title })
    const secret = (await card.locator('.secret').textContent())!
    await card.getByRole('button', { name: 'I have it' }).click()
    expect(await page.getByText(secret).count()).toBe(0)
    return secret
  }

  function connect(id: string, password: string) {
    return mqtt.connectAsync(server.mqttUrl, { clientId: id, username: id, password, reconnectPeriod: 0 })
  }

  describe('devices', () => {
    it('are registered one by one, and connect with the secret that is shown once', async () => {
      const meena = await server.addPerson({ name: 'Meena Owner', role: 'citizen' })
      await as(administrator, async (page) => {
        await goTo(page, '/devices')
        await page.getByRole('link', { name: 'Register a device' }).click()
        await page.getByLabel('Id', { exact: true }).fill('not/an id')
        await page.getByLabel('Latitude').fill('91')
        await page.getByRole('button', { name: 'Register', exact: true }).click()
        await page.getByText('Letters, digits and . _ : - only').waitFor()
        await page.getByText('The latitude is between -90 and 90.').waitFor()
        expect(await page.evaluate('document.activeElement.name')).toBe('device-id')
        await page.getByLabel('Id', { exact: true }).fill('adm-1')
        await page.getByLabel('Name').fill('Watch of Meena')
        await page.getByLabel('Noise').check()
        await page.getByRole('button', { name: 'Choose on the map' }).click()
        await page.locator('.pick-map[data-ready=true]').click()
        expect(await page.getByLabel('Latitude').inputValue()).toMatch(/^-?\d+\.\d+$/)
        const owner = page.getByRole('combobox', { name: /^Owner/ })
        await owner.fill('meena')
        await page
          .getByRole('listbox')
          .getByRole('option', { name: /Meena Owner/ })
          .waitFor()
        await owner.press('Enter')
        await page.getByRole('button', { name: 'Register', exact: true }).click()
        const line = await page.locator('.shell-line pre').textContent()
        const secret = await takeSecret(page, 'Secret of Watch of Meena')
        expect(line).toContain(`-i adm-1 -u adm-1 \\\n  -P '${secret}'`)
        // What several have in common stays for the next one.
        expect(await page.getByLabel('Noise').isChecked()).toBe(true)
        expect(await page.getByLabel('Id', { exact: true }).inputValue()).toBe('')

        const device = await connect('adm-1', secret)
        await device.publishAsync(topics.telemetry('adm-1', 'noise'), '{"laeqDb": 51.5}', { qos: 1 })
        await goTo(page, '/devices/adm-1')
        await page.getByRole('region', { name: 'Facts' }).getByText('connected', { exact: true }).waitFor()
        const ties = page.getByRole('region', { name: 'Owner and gateway' })
        await ties.getByRole('link', { name: 'Meena Owner' }).click()
        const panel = page.getByRole('region', { name: 'Chosen person' })
        await panel.getByRole('link', { name: 'Watch of Meena' }).waitFor()
        expect(page.url()).toContain(`/users?id=${meena.id}`)
        await device.endAsync()

        await panel.getByRole('link', { name: 'Watch of Meena' }).click()
        await ties.getByRole('button', { name: 'Remove' }).click()
        await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click()
        await page.getByRole('heading', { level: 1, name: 'adm-1' }).waitFor()
        await ties.getByRole('button', { name: 'It is the city’s again' }).click()
        await page.getByRole('dialog').getByRole('button', { name: 'It is the city’s' }).click()
        await expect.poll(() => ties.getByText('Where it is').count()).toBe(0)
      })
    })

    it('that are known already are refused with a sentence', async () => {
      await server.addDevice({ id: 'adm-2', name: 'Lamp 2' })
      await as(
        administrator,
        async (page) => {
          await goTo(page, '/devices/register')
          await page.getByLabel('Id', { exact: true }).fill('adm-2')
          await page.getByLabel('Id', { exact: true }).press('Enter')
          await page
            .getByRole('alert')
            .getByText(/already registered/i)
            .waitFor()
        },
        { expected: [409] },
      )
    })

    it('come from a file: the good lines with secrets, the bad ones with a reason', async () => {
      await as(administrator, async (page) => {
        await goTo(page, '/devices/import')
        const field = page.getByLabel('Choose a file')
        await field.setInputFiles(csvFile('id,colour\na,red\n'))
        await page.getByText('There is no column “colour”.').waitFor()
        const lines = Array.from({ length: 300 }, (_none, at) => `imp-${at},Lamp ${at},imp-gateway`)
        lines[7] = 'not an id,Lamp 7,'
        lines.push('imp-8,Lamp 8 again,', 'imp-gateway,Gateway,')
        await field.setInputFiles(csvFile(`id,name,gatewayId\n${lines.join('\n')}\n`))
        await page.getByText('302 devices.').waitFor()
        await page.getByRole('button', { name: 'Import', exact: true }).click()
        await page.getByText('Done: 300 registered, 2 not.').waitFor()

        await page.getByRole('button', { name: /Failed only/ }).click()
        expect(await page.locator('tbody tr').allInnerTexts()).toEqual([
          expect.stringMatching(/9\s+not an id\s+id: letters, digits/),
          expect.stringMatching(/302\s+imp-8\s+A device with this id is registered/),
        ])
        const failed = await save(page, () =>
          page.getByRole('button', { name: 'Download the lines that failed' }).click(),
        )
        expect(failed).toBe('id,name,gatewayId\nnot an id,Lamp 7,\nimp-8,Lamp 8 again,\n')

        // The secrets are not taken along yet.
        await page.getByRole('navigation', { name: 'Where you are' }).getByRole('link', { name: 'Devices' }).click()
        await page.getByRole('dialog', { name: 'Leave without the secrets?' }).waitFor()
        await page.getByRole('button', { name: 'Stay' }).click()
        await page.goBack()
        await page.getByRole('dialog', { name: 'Leave without the secrets?' }).waitFor()
        await page.getByRole('button', { name: 'Stay' }).click()
        expect(new URL(page.url()).pathname).toBe('/devices/import')
        const secrets = await save(page, () => page.getByRole('button', { name: 'Download 300 secrets' }).click())
        const [heading, ...rows] = secrets.trim().split('\n')
        expect([heading, rows.length]).toEqual(['id,secret', 300])
        const [id, secret] = rows[42]!.split(',') as [string, string]
        const device = await connect(id, secret)
        await device.endAsync()

        await page.getByRole('navigation', { name: 'Where you are' }).getByRole('link', { name: 'Devices' }).click()
        await page.getByRole('searchbox').fill('imp-299')
        await page.getByRole('link', { name: 'Lamp 299' }).click()
        await page.getByRole('region', { name: 'Owner and gateway' }).getByRole('link', { name: 'imp-gateway' }).click()
        await page.getByRole('region', { name: 'Devices behind this gateway' }).getByText('imp-0').waitFor()
      })
    })

    it('keep what an import has registered when the line breaks, and go on with the rest', async () => {
      await as(
        administrator,
        async (page) => {
          await goTo(page, '/devices/import')
          const lines = Array.from({ length: 600 }, (_none, at) => `cut-${at}`)
          await page.getByLabel('Choose a file').setInputFiles(csvFile(`id\n${lines.join('\n')}\n`))
          let sent = 0
          await page.route('**/api/devices/bulk', (route) => {
            sent += 1
            return sent === 2
              ? route.fulfill({ status: 503, json: { error: { code: 'x', message: 'no room' } } })
              : route.continue()
          })
          await page.getByRole('button', { name: 'Import', exact: true }).click()
          await page.getByText('Stopped with 350 lines to go: 250 registered, 0 not.').waitFor()
          await page.getByRole('button', { name: 'Go on with 350 lines' }).click()
          await page.getByText('Done: 600 registered, 0 not.').waitFor()
          await save(page, () => page.getByRole('button', { name: 'Download 600 secrets' }).click())
        },
        { expected: [503] },
      )
    })

    it('lose their connection with their secret, and are shut out when revoked', async () => {
      await as(administrator, async (page) => {
        await goTo(page, '/devices/register')
        await page.getByLabel('Id', { exact: true }).fill('adm-3')
        await page.getByLabel('Id', { exact: true }).press('Enter')
        const first = await takeSecret(page, 'Secret of adm-3')
        const device = await connect('adm-3', first)
        const closed = untilClosed(device)
        await goTo(page, '/devices/adm-3')
        const credentials = page.getByRole('region', { name: 'Credentials' })
        await credentials.getByRole('button', { name: 'New secret' }).click()
        await page.getByRole('dialog').getByRole('button', { name: 'Give a new secret' }).click()
        const second = await takeSecret(page, 'Secret of adm-3')
        await closed
        await expect(connect('adm-3', first)).rejects.toThrow()
        const again = await connect('adm-3', second)
        const closedAgain = untilClosed(again)
        await credentials.getByRole('button', { name: 'Revoke' }).click()
        await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click()
        await credentials.getByText('It is shut out until it gets a new secret.').waitFor()
        await closedAgain
        await credentials.getByRole('button', { name: 'Decommission' }).click()
        await page.getByRole('dialog').getByRole('button', { name: 'Decommission' }).click()
        await credentials.getByText('It is out of service for good.').waitFor()
        expect(await credentials.getByRole('button').allInnerTexts()).toEqual(['Forget …'])
        await credentials.getByRole('button', { name: 'Forget' }).click()
        await page.getByRole('dialog').getByRole('button', { name: 'Forget' }).click()
        await page.getByRole('heading', { level: 1, name: 'Devices' }).waitFor()
      })
    })

    it('enrol themselves with a provisioning key, until it is revoked', async () => {
      await as(administrator, async (page) => {
        await goTo(page, '/devices/keys')
        await page.getByText('There is no provisioning key.').waitFor()
        await page.getByRole('button', { name: 'Create a key' }).click()
        await page.getByLabel('Name').fill('Bins of ward 7')
        await page.getByLabel('Devices it may enrol').fill('2')
        await page.getByRole('button', { name: 'Create', exact: true }).click()
        const key = await takeSecret(page, 'Key “Bins of ward 7”')

        const newcomer = await mqtt.connectAsync(server.mqttUrl, { clientId: 'n', username: 'enrol', password: key })
        const answer = nextMessage(newcomer)
        await newcomer.publishAsync(topics.enrolRequest, '{"id": "adm-4", "kinds": ["bin-level"]}', { qos: 1 })
        const { secret } = JSON.parse(await answer) as { secret: string }
        await newcomer.endAsync(true)
        const device = await connect('adm-4', secret)
        await device.endAsync()

        await page.reload()
        const row = page.getByRole('row', { name: /Bins of ward 7/ })
        await row.getByText('1 of 2').waitFor()
        await row.getByRole('button', { name: 'Revoke' }).click()
        await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click()
        await row.getByText('revoked').waitFor()
        expect(await row.getByRole('button').count()).toBe(0)
      })
    })
  })

  describe('people', () => {
    it('are registered with a password that is shown once', async () => {
      await as(administrator, async (page) => {
        await goTo(page, '/users')
        await page.getByRole('button', { name: 'Register a person' }).click()
        const dialog = page.getByRole('dialog')
        await dialog.getByLabel('Name').fill('Asha New')
        await dialog.getByLabel('E-mail').fill('asha.new@prahari.local')
        await dialog.getByRole('radio', { name: /^Analyst/ }).check()
        await dialog.getByRole('button', { name: 'Register' }).click()
        const password = await takeSecret(page, 'Password of Asha New')
        await as({ email: 'asha.new@prahari.local', password }, async (hers) => {
          await hers.getByRole('navigation', { name: 'Pages' }).waitFor()
        })
        await page.getByRole('searchbox').fill('asha.new')
        await page.getByRole('row', { name: /Asha New.*Analyst/ }).waitFor()
        await expect.poll(() => page.locator('tbody tr').count()).toBe(1)
      })
    })

    it('see another city as soon as their role is another one, and are thrown out by a ban', async () => {
      const ravi = await server.addPerson({ name: 'Ravi Changing', role: 'operator' })
      await as(administrator, async (page) => {
        await as(
          ravi,
          async (his) => {
            await his.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: 'Alerts' }).waitFor()
            await goTo(page, `/users?id=${ravi.id}`)
            const panel = page.getByRole('region', { name: 'Chosen person' })
            await panel.getByRole('button', { name: 'Change role' }).click()
            await page.getByRole('radio', { name: /^Citizen/ }).check()
            await page.getByRole('dialog').getByRole('button', { name: 'Change role' }).click()
            await panel.getByText('Is now citizen.').waitFor()
            await page.getByRole('row', { name: /Ravi Changing.*Citizen/ }).waitFor()
            await his.getByRole('heading', { level: 1, name: 'Profile' }).waitFor()
            expect(await his.getByRole('navigation', { name: 'Pages' }).count()).toBe(0)

            await panel.getByRole('button', { name: 'Ban' }).click()
            await page.getByText('Their sessions, live screens and MQTT connections end at once').waitFor()
            await page.getByRole('dialog').getByRole('button', { name: 'Ban' }).click()
            await panel.getByText('Banned.').waitFor()
            await his.reload()
            await his.getByText('This account is banned.').waitFor()
            await panel.getByRole('button', { name: 'Lift the ban' }).click()
            await page.getByRole('dialog').getByRole('button', { name: 'Lift the ban' }).click()
            await panel.getByText('The ban is lifted.').waitFor()
            await signIn(his, ravi)
            await his.getByRole('heading', { level: 1, name: 'Profile' }).waitFor()
          },
          { expected: [401, 403] },
        )
      })
    })

    it('are thrown off a live screen by a ban', async () => {
      const tara = await server.addPerson({ name: 'Tara Watching', role: 'analyst' })
      await as(administrator, async (page) => {
        await as(
          tara,
          async (hers) => {
            await goTo(page, `/users?id=${tara.id}`)
            await page.getByRole('button', { name: 'Ban' }).click()
            await page.getByRole('dialog').getByRole('button', { name: 'Ban' }).click()
            await hers.getByText('This account is banned.').waitFor()
          },
          { expected: [401, 403] },
        )
      })
    })

    it('have their flat confirmed and their unit named', async () => {
      const officer = await server.addPerson({ name: 'Olga Officer', role: 'officer' })
      const resident = await server.addPerson({ name: 'Rita Resident', role: 'resident' })
      await server.administer('PATCH', `/api/users/${resident.id}`, { flatNumber: 'B-204' })
      await as(administrator, async (page) => {
        const panel = page.getByRole('region', { name: 'Chosen person' })
        await goTo(page, `/users?id=${officer.id}`)
        await panel.getByLabel('Unit').fill('U-12')
        await panel.getByRole('button', { name: 'Save unit' }).click()
        await panel.getByText('Is now unit U-12.').waitFor()
        await goTo(page, `/users?id=${resident.id}`)
        await panel.getByText('as they say, not confirmed').waitFor()
        await panel.getByRole('button', { name: 'Confirm flat' }).click()
        await panel.getByText('The flat is confirmed.').waitFor()
        await panel.getByRole('button', { name: 'Withdraw confirmation' }).waitFor()
      })
    })

    it('are out of reach of whoever ranks below them, and nobody locks themselves out', async () => {
      const admin = await server.addPerson({ name: 'Arun Admin', role: 'admin' })
      await as(admin, async (page) => {
        await goTo(page, '/users?role=super_admin')
        await page
          .getByRole('row', { name: /Administrator/ })
          .getByRole('button')
          .click()
        const panel = page.getByRole('region', { name: 'Chosen person' })
        await panel.getByText('Only a super administrator changes this account.').waitFor()
        expect(await panel.getByRole('button').allInnerTexts()).toEqual(['Close'])
        await goTo(page, `/users?id=${admin.id}`)
        await panel.getByText('This is you.').waitFor()
        expect(await panel.getByRole('button').allInnerTexts()).toEqual(['Close', 'Change role …'])
        await panel.getByRole('button', { name: 'Change role' }).click()
        expect(await page.getByRole('radio', { name: /Super/ }).count()).toBe(0)
      })
    })
  })

  describe('the audit', () => {
    it('tells it all in sentences, to filter by who, what and about what', async () => {
      const subject = await server.addPerson({ name: 'Sita Subject', role: 'citizen' })
      await server.administer('PATCH', `/api/users/${subject.id}`, { role: 'operator' })
      await server.addDevice({ id: 'adm-5', name: 'Lamp 5' })
      await as(administrator, async (page) => {
        await goTo(page, '/audit')
        const lines = page.getByRole('list', { name: 'Audit' })
        await lines.getByText('Administrator changed the role of Sita Subject from citizen to operator').waitFor()
        await lines.getByText('Administrator registered adm-5').waitFor()

        await page.getByLabel('What').selectOption('device-registered')
        await expect.poll(() => lines.getByText('Sita Subject').count()).toBe(0)
        const line = lines.getByRole('listitem').filter({ hasText: 'registered adm-5' })
        await line.getByText('Details').click()
        await line.getByText('device:adm-5', { exact: true }).waitFor()
        await line.getByRole('link', { name: 'More about the same' }).click()
        await expect.poll(() => lines.getByRole('listitem').count()).toBe(1)

        await goTo(page, '/audit')
        await page.getByRole('searchbox', { name: 'Any word' }).fill('ADM-5')
        await expect.poll(() => lines.getByText('Sita Subject').count()).toBe(0)
        await lines.getByText('Administrator registered adm-5').waitFor()

        await goTo(page, '/audit')
        await page.getByRole('combobox', { name: 'About' }).fill('sita')
        await page.getByRole('option', { name: /Sita Subject/ }).click()
        await expect.poll(() => lines.getByRole('listitem').count()).toBe(2)
        await lines.getByText('Administrator made an account for Sita Subject as citizen').waitFor()
        await lines.getByRole('link', { name: 'Sita Subject' }).first().click()
        await page
          .getByRole('region', { name: 'Chosen person' })
          .getByRole('heading', { name: 'Sita Subject' })
          .waitFor()
      })
    })

    it('says so when nothing passes the filter', async () => {
      await as(administrator, async (page) => {
        await goTo(page, '/audit?from=2001-01-01T00:00:00.000Z&to=2001-01-02T00:00:00.000Z')
        await page.getByText('No line passes the filter.').waitFor()
      })
    })
  })

  it('is not shown to an analyst', async () => {
    await server.addDevice({ id: 'adm-6', name: 'Lamp 6' })
    const analyst = await server.addPerson({ name: 'Anil Analyst', role: 'analyst' })
    await as(analyst, async (page) => {
      await goTo(page, '/devices?q=adm-6')
      await page.getByRole('link', { name: 'Lamp 6' }).waitFor()
      for (const name of ['Register a device', 'Import', 'Provisioning keys', 'People', 'Audit']) {
        expect(await page.getByRole('link', { name, exact: true }).count()).toBe(0)
      }
      await page.getByRole('link', { name: 'Lamp 6' }).click()
      await page.getByRole('region', { name: 'Ledger' }).waitFor()
      for (const name of ['Credentials', 'Owner and gateway']) {
        expect(await page.getByRole('region', { name }).count()).toBe(0)
      }
      for (const path of ['/users', '/audit', '/devices/register', '/devices/import', '/devices/keys']) {
        await goTo(page, path)
        await page.getByText('This page is not for your role.').waitFor()
      }
    })
  })
})

function csvFile(text: string) {
  return { name: 'devices.csv', mimeType: 'text/csv', buffer: Buffer.from(text) }
}

/** What is in the file that a press gives. */
async function save(page: Page, press: () => Promise<void>): Promise<string> {
  const saving = page.waitForEvent('download')
  await press()
  return readFile(await (await saving).path(), 'utf8')
}

function untilClosed(client: MqttClient): Promise<void> {
  return new Promise((resolve) => client.once('close', resolve))
}

function nextMessage(client: MqttClient): Promise<string> {
  return new Promise((resolve) => client.once('message', (_topic, payload) => resolve(payload.toString())))
}
