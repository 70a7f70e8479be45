/** The pages of webhooks and of the record of actions: a real receiver is told, deliveries and retries, who did what; each only where the key allows it. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { Page } from 'playwright-core'
import { startReceiver, type Receiver } from '../support/receiver.ts'
import { openService, type TestService } from '../support/service.ts'
import { assertAccessible, openPages, shoot, shootDark, signIn, type Pages } from './support/pages.ts'

const KEY = 'a-long-and-secret-key-for-tests'

describe('the pages of webhooks and of the record of actions', () => {
  let service: TestService, pages: Pages, page: Page, receiver: Receiver
  let status = 500
  before(async () => {
    receiver = await startReceiver((response) => { response.writeHead(status).end(status === 500 ? 'out of order' : 'thanks') })
    service = await openService({ apiKey: KEY, webhookAllow: '127.0.0.1' })
    pages = await openPages(service.url)
    page = await pages.open('/webhooks')
    await signIn(page, service.url, KEY)
    await page.reload()
  })
  after(async () => {
    await pages?.close()
    await service?.close()
    await receiver?.close()
  })

  const headers = { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' }
  const ask = async (address: string, body?: object): Promise<any> => await (await fetch(`${service.url}${address}`, { headers, ...(body !== undefined && { method: 'POST', body: JSON.stringify(body) }) })).json()

  test('a webhook is made, and its secret told once', async () => {
    await page.getByText('No webhooks yet').waitFor()
    await shoot(page, 'webhooks-empty')
    await page.getByRole('button', { name: 'New webhook' }).click()
    const dialog = page.getByRole('dialog', { name: 'A new webhook' })
    await dialog.getByLabel('Address').fill(`${receiver.url}/hook`)
    await dialog.getByLabel('What it is for').fill('CI')
    await dialog.getByText('running', { exact: true }).click()
    await assertAccessible(page, 'making a webhook')
    await dialog.getByRole('button', { name: 'Make the webhook' }).click()
    const told = page.getByRole('dialog', { name: 'The secret' })
    const secret = String(await told.locator('pre').textContent())
    assert.match(secret, /^whsec_/)
    await told.getByRole('button', { name: 'I have it' }).click()
    await told.waitFor({ state: 'detached' })
    assert.ok(!(await page.content()).includes(secret))
    const { items } = await ask('/v1/webhooks')
    assert.deepEqual(items.map(({ url, events, description }: Record<string, unknown>) => [url, events, description]), [[`${receiver.url}/hook`, ['job.running', 'job.succeeded', 'job.failed'], 'CI']])
    const row = page.getByRole('table', { name: /^Webhooks/ }).getByRole('row', { name: /\/hook/ })
    assert.match(String(await row.textContent()), /CI.*On.*running.*succeeded.*failed/)
  })

  test('what could not be sent is told with the answer; sent again, it arrives under the same id', async () => {
    await page.getByText('Nothing was sent in the last 30 days.').waitFor()
    await page.getByRole('button', { name: 'Send a ping' }).click()
    const [first] = await receiver.untilReceived(1)
    const deliveries = page.getByRole('table', { name: /^Deliveries/ })
    const row = deliveries.getByRole('row', { name: /^ping/ })
    await row.getByText('500 in').waitFor()
    await row.getByText('out of order').waitFor()
    await row.getByText('Pending').waitFor()
    await shoot(page, 'webhooks')
    await shootDark(page, 'webhooks')
    // The next try by itself may be a minute away.
    status = 204
    await row.getByRole('button', { name: 'Send again: ping' }).click()
    await row.getByText('Delivered').waitFor()
    await row.getByText('204 in').waitFor()
    assert.ok(receiver.received.length >= 2)
    assert.deepEqual([...new Set(receiver.received.map((one) => one.headers['webhook-id']))], [first!.headers['webhook-id']])
    await page.getByText('Failed', { exact: true }).click()
    await page.getByText('None is like this.').waitFor()
  })

  test('turned off, and deleted after a question', async () => {
    await page.getByRole('button', { name: 'Turn off' }).click()
    await page.getByRole('button', { name: 'Turn on' }).waitFor()
    assert.equal((await ask('/v1/webhooks')).items[0].active, false)
    await page.getByRole('button', { name: 'Delete', exact: true }).click()
    await page.getByRole('dialog', { name: 'Delete the webhook?' }).getByRole('button', { name: 'Delete it' }).click()
    await page.getByText('No webhooks yet').waitFor()
    assert.deepEqual((await ask('/v1/webhooks')).items, [])
  })

  test('the record has what was done, by action and by time', async () => {
    await page.getByRole('navigation').getByRole('link', { name: 'Record of actions' }).click()
    const actions = page.getByRole('table', { name: /^Actions/ })
    await actions.getByRole('row', { name: /^deleteWebhook/ }).waitFor()
    const { items } = await ask('/v1/audit?limit=50')
    assert.deepEqual(await actions.getByRole('rowheader').allTextContents(), items.map(({ action }: { action: string }) => action))
    await shoot(page, 'audit')
    await shootDark(page, 'audit')
    await page.getByLabel('Action', { exact: true }).fill('createWebhook')
    await actions.getByRole('row', { name: /^deleteWebhook/ }).waitFor({ state: 'detached' })
    assert.deepEqual(await actions.getByRole('rowheader').allTextContents(), ['createWebhook'])
    assert.equal(new URL(page.url()).searchParams.get('action'), 'createWebhook')
    await page.getByLabel('Action', { exact: true }).fill('noSuchAction')
    await page.getByText('Nothing on record is like this').waitFor()
  })

  test('a key that may only read sees webhooks without buttons, and no record', async () => {
    const { key } = await ask('/v1/keys', { name: 'reader', scopes: ['read'], expiresAt: null })
    await ask('/v1/webhooks', { url: `${receiver.url}/other`, events: ['job.failed'] })
    const other = await pages.open('/jobs')
    await signIn(other, service.url, key)
    await other.goto(`${service.url}/webhooks`)
    await other.getByRole('link', { name: /\/other$/ }).click()
    await other.getByRole('heading', { name: 'Deliveries' }).waitFor()
    assert.equal(await other.getByRole('button', { name: /New webhook|Send a ping|Delete/ }).count(), 0)
    assert.equal(await other.getByRole('navigation').getByRole('link', { name: 'Record of actions' }).count(), 0)
    await other.context().close()
  })

  test('no page did anything wrong', () => { pages.assertQuiet() })
})
