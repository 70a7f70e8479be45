/** The pages of API keys and of workers: a key that is told once and works, rotated, revoked; usage; who works. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { Page } from 'playwright-core'
import { NO_QUOTAS } from '../../src/jobs/quotas.ts'
import { openService, type TestService } from '../support/service.ts'
import { assertAccessible, openPages, shoot, shootDark, signIn, type Pages } from './support/pages.ts'

const KEY = 'a-long-and-secret-key-for-tests'

describe('the pages of API keys and of workers', () => {
  let service: TestService, pages: Pages, page: Page, first: string
  before(async () => {
    service = await openService({ apiKey: KEY, quotas: { ...NO_QUOTAS, models: 4 } })
    pages = await openPages(service.url)
    page = await pages.open('/keys')
    await signIn(page, service.url, KEY)
    await page.reload()
  })
  after(async () => {
    await pages?.close()
    await service.close()
  })

  const statusWith = async (key: string, address = '/v1/models'): Promise<number> => (await fetch(`${service.url}${address}`, { headers: { authorization: `Bearer ${key}` } })).status
  const told = async (): Promise<string> => {
    const dialog = page.getByRole('dialog', { name: 'The new key' })
    const key = await dialog.locator('pre').textContent()
    await assertAccessible(page, 'a key that is told once')
    await dialog.getByRole('button', { name: 'I have it' }).click()
    await dialog.waitFor({ state: 'detached' })
    return String(key)
  }

  test('a key is made, told once, and may what it was made for', async () => {
    await page.getByText('No keys yet').waitFor()
    assert.equal(await page.getByRole('progressbar', { name: 'Models' }).getAttribute('aria-valuenow'), '0')
    await shoot(page, 'keys-empty')
    await page.getByRole('button', { name: 'New key' }).click()
    const dialog = page.getByRole('dialog', { name: 'A new key' })
    await dialog.getByLabel('Name').fill('ci')
    await dialog.getByText('write: upload').click()
    await assertAccessible(page, 'making a key')
    await dialog.getByRole('button', { name: 'Make the key' }).click()
    first = await told()
    assert.match(first, /^esp_/)
    assert.deepEqual([await statusWith(first), await statusWith(first, '/v1/keys')], [200, 403])
    const row = page.getByRole('table', { name: /Keys/ }).getByRole('row', { name: /^ci/ })
    assert.match(String(await row.textContent()), new RegExp(`…${first.slice(-4)}.*In use.*read.*in 90 days`))
    assert.ok(!(await page.content()).includes(first), 'the key is nowhere in the page any more')
    await shoot(page, 'keys')
    await shootDark(page, 'keys')
  })

  test('rotating gives another one beside it; revoking ends it', async () => {
    await page.getByRole('button', { name: 'Rotate ci' }).click()
    await page.getByRole('dialog', { name: 'Rotate ci?' }).getByRole('button', { name: 'Make the new key' }).click()
    const second = await told()
    assert.notEqual(second, first)
    assert.deepEqual([await statusWith(first), await statusWith(second)], [200, 200])
    const row = page.getByRole('row', { name: new RegExp(`…${second.slice(-4)}`) })
    await row.getByRole('button', { name: 'Revoke ci' }).click()
    await page.getByRole('dialog', { name: 'Revoke ci?' }).getByRole('button', { name: 'Revoke the key' }).click()
    await row.getByText('Revoked').waitFor()
    assert.deepEqual([await statusWith(first), await statusWith(second)], [200, 401])
  })

  test('who works, and what waits', async () => {
    await page.goto(`${service.url}/fleet`)
    const workers = page.getByRole('table', { name: 'Workers' })
    await workers.getByText('ready').waitFor()
    assert.equal(await workers.getByRole('row').count(), 1 + 1)
    assert.match(String(await workers.textContent()), new RegExp(`process ${process.pid}`))
    const queues = page.getByRole('table', { name: 'Queues' })
    assert.deepEqual((await queues.getByRole('rowheader').allTextContents()).map((name) => name.split(/(?<=default|large|gpu)/)[0]), ['default', 'large', 'gpu'])
    await shoot(page, 'fleet')
    await shootDark(page, 'fleet')
  })

  test('no page did anything wrong', () => { pages.assertQuiet() })
})
