/** The frame of the dashboard: what the server answers, keys, themes, keyboard, the way to every page. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { openService, type TestService } from '../support/service.ts'
import { assertAccessible, openPages, shoot, signIn, type Pages } from './support/pages.ts'

const KEY = 'a-long-and-secret-key-for-tests'
const PLACES = [['/compare', 'Compare'], ['/new', 'New run'], ['/sweeps', 'Sweeps'], ['/models', 'Models'], ['/datasets', 'Data sets'], ['/keys', 'API keys'], ['/webhooks', 'Webhooks'], ['/audit', 'Record of actions'], ['/fleet', 'Workers']] as const

describe('the frame of the dashboard', () => {
  let service: TestService, pages: Pages
  before(async () => {
    service = await openService({ apiKey: KEY })
    pages = await openPages(service.url)
  })
  after(async () => {
    await pages?.close()
    await service.close()
  })

  test('the page at its addresses and nowhere else, scripts for good, JSON as before', async () => {
    const get = async (address: string, accept: string) => await fetch(`${service.url}${address}`, { headers: { accept }, redirect: 'manual' })
    const page = await get('/', 'text/html')
    assert.equal(page.status, 200)
    const text = await page.text()
    assert.match(String(page.headers.get('content-security-policy')), /default-src 'none'.*script-src 'self'; style-src 'self'/)
    assert.ok(!/<script(?![^>]* src=)|<style| style=/.test(text), text)
    assert.equal(page.headers.get('cache-control'), 'no-cache')
    for (const address of ['/jobs/job_1', '/sweeps/swp_1', '/new']) assert.equal(await (await get(address, 'text/html,*/*')).text(), text)
    const asset = await fetch(`${service.url}${/src="(\/assets\/[^"]+)"/.exec(text)![1]!}`, { headers: { 'accept-encoding': 'gzip' } })
    assert.deepEqual([asset.status, asset.headers.get('cache-control'), asset.headers.get('content-encoding')], [200, 'public, max-age=31536000, immutable', 'gzip'])
    // A body that nobody reads holds its connection, and with it this process.
    await asset.arrayBuffer()
    const home = await get('/', 'application/json')
    assert.deepEqual([home.status, home.headers.get('location')], [302, '/docs'])
    for (const address of ['/v1/nothing', '/nowhere', '/assets/none.js', '/v2/jobs']) {
      const answer = await get(address, 'text/html')
      assert.deepEqual([address, answer.status, answer.headers.get('content-type')], [address, 404, 'application/problem+json'])
    }
    assert.equal((await get('/jobs', 'application/json')).status, 404)
    assert.equal((await get('/docs/', 'text/html')).status, 200)
    assert.equal((await fetch(`${service.url}/jobs`, { method: 'POST' })).status, 405)
  })

  test('a wrong key and a right one; remembered only when that is asked for', async () => {
    const page = await pages.open('/jobs')
    const dialog = page.getByRole('dialog', { name: 'An API key is needed' })
    await dialog.waitFor()
    await assertAccessible(page, 'the question for a key')
    await dialog.getByLabel('API key').fill('not-the-right-key')
    await dialog.getByRole('button', { name: 'Use this key' }).click()
    await dialog.getByText('is not a right one').waitFor()
    await dialog.getByLabel('API key').fill(KEY)
    await page.keyboard.press('Enter')
    await dialog.waitFor({ state: 'detached' })
    await page.getByRole('heading', { name: 'Jobs', exact: true }).waitFor()
    const session = async () => (await page.context().cookies()).filter(({ httpOnly }) => httpOnly).map(({ sameSite, expires }) => [sameSite, expires > 0])
    assert.deepEqual(await session(), [['Strict', false]])
    assert.deepEqual(await page.evaluate('[sessionStorage.length, localStorage.length, document.cookie]'), [0, 0, ''], 'no script can read the key or the session')
    await page.reload()
    await page.getByRole('heading', { name: 'Jobs', exact: true }).waitFor()
    assert.equal(await dialog.count(), 0)
    await page.getByRole('button', { name: 'Forget the key' }).click()
    await dialog.waitFor()
    await dialog.getByLabel('API key').fill(KEY)
    await dialog.getByText('Remember this browser').click()
    await dialog.getByRole('button', { name: 'Use this key' }).click()
    await dialog.waitFor({ state: 'detached' })
    assert.deepEqual(await session(), [['Strict', true]])
    await page.context().close()
  })

  test('by keyboard: past the navigation, and to every page', async () => {
    const page = await pages.open('/jobs')
    await signIn(page, service.url, KEY)
    await page.goto(`${service.url}/jobs`)
    await page.getByRole('heading', { name: 'Jobs', exact: true }).waitFor()
    await page.keyboard.press('Tab')
    assert.equal(await page.evaluate('document.activeElement.textContent'), 'Skip to the page')
    await page.keyboard.press('Enter')
    assert.equal(await page.evaluate('document.activeElement.id'), 'page')
    for (const [address, title] of PLACES) {
      const link = page.getByRole('navigation').getByRole('link', { name: title, exact: true })
      await link.focus()
      await page.keyboard.press('Enter')
      await page.getByRole('heading', { name: title, exact: true, level: 1 }).waitFor()
      assert.equal(new URL(page.url()).pathname, address)
      assert.equal(await page.title(), `${title} · Espalier`)
      assert.equal(await link.getAttribute('aria-current'), 'page')
      assert.equal(await page.evaluate('document.activeElement.id'), 'page', 'the new page is told of')
    }
    await page.goto(`${service.url}/sweeps/none`)
    await page.getByRole('heading', { level: 1 }).waitFor()
    await page.context().close()
  })

  test('light and dark, as the system has it and as one chooses', async () => {
    const page = await pages.open('/compare', { colorScheme: 'dark' })
    const theme = async () => await page.evaluate('document.documentElement.dataset.theme')
    assert.equal(await theme(), 'dark')
    await signIn(page, service.url, KEY)
    await page.reload()
    await page.getByRole('button', { name: 'Colours' }).click()
    await page.getByRole('option', { name: 'Light' }).click()
    assert.equal(await theme(), 'light')
    await page.reload()
    assert.equal(await theme(), 'light')
    await shoot(page, 'frame')
    await page.context().close()
  })

  test('no page did anything wrong', () => { pages.assertQuiet() })
})
