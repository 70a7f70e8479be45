/** The pages of sweeps and of runs side by side: fronts, points to press, tables, differences. */
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { after, before, describe, test } from 'node:test'
import type { Page } from 'playwright-core'
import type { Job, Sweep } from '../../src/web/api/types.ts'
import { openStockedService, type StockedService } from '../support/stocked-service.ts'
import { openPages, shoot, shootDark, type Pages } from './support/pages.ts'

const EXAMPLES = 600

describe('sweeps and runs side by side', () => {
  let stocked: StockedService, pages: Pages, page: Page, sweep: Sweep, trained: Job
  const get = async <T>(address: string): Promise<T> => await (await fetch(`${stocked.service.url}${address}`)).json() as T
  const post = async <T>(address: string, body: object): Promise<T> => await (await fetch(`${stocked.service.url}${address}`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })).json() as T

  before(async () => {
    stocked = await openStockedService('test/fixtures/models/mlp.keras', EXAMPLES)
    pages = await openPages(stocked.service.url)
  })
  after(async () => {
    await pages?.close()
    await stocked.service.close()
  })

  test('without anything, both say how it comes to be', async () => {
    page = await pages.open('/sweeps')
    await page.getByText('No sweeps yet').waitFor()
    await shoot(page, 'sweeps-empty')
    await page.goto(`${stocked.service.url}/compare`)
    await page.getByText('No runs yet').waitFor()
    await shoot(page, 'compare-empty')
  })

  test('a sweep as it runs, and its front as the service tells it', async () => {
    const { model, dataset } = stocked
    const begun = await post<Sweep>('/v1/sweeps', { model, dataset, name: 'By sparsity', recipe: { method: 'magnitude' }, grid: { 'target.sparsity': [0.5, 0.9, 0.98], scope: ['global', 'layer'] }, pick: 'knee' })
    await page.goto(`${stocked.service.url}/sweeps`)
    await page.getByRole('link', { name: 'By sparsity' }).click()
    await page.getByRole('heading', { name: 'By sparsity', level: 1 }).waitFor()
    await page.getByText('Finished', { exact: true }).waitFor({ timeout: 240_000 })
    sweep = await get<Sweep>(`/v1/sweeps/${begun.id}`)
    const points = page.getByRole('group', { name: /a link for each point/ }).getByRole('link')
    assert.equal(await points.count(), 6)
    const filled = page.locator('.scatter-point.is-front')
    assert.equal(await filled.count(), sweep.pareto!.bytes.length)
    assert.deepEqual((await filled.evaluateAll((links) => links.map((link) => link.getAttribute('href')))).sort(), sweep.pareto!.bytes.map((job) => `/jobs/${job}`).sort())
    assert.equal(await page.locator('.scatter-point.is-picked').getAttribute('href'), `/jobs/${sweep.picked!.job!}`)
    const table = page.getByRole('table', { name: 'Points of the sweep' })
    assert.equal(await table.getByRole('row').count(), 1 + 6)
    await page.getByText('Multiplications', { exact: true }).click()
    assert.equal(await filled.count(), sweep.pareto!.macs.length)
    await page.getByText('File size', { exact: true }).first().click()
    await shoot(page, 'sweep')
    await shootDark(page, 'sweep')
  })

  test('its table comes as CSV, and a point leads to its run, by the keyboard too', async () => {
    const download = page.waitForEvent('download')
    await page.getByRole('button', { name: 'CSV' }).click()
    const text = await readFile(await (await download).path(), 'utf8')
    assert.equal(text.trim().split(/\r?\n/).length, 1 + 6)
    const point = page.getByRole('link', { name: /^sparsity 0.9, scope global: accuracy/ })
    await point.focus()
    await page.keyboard.press('Enter')
    const job = sweep.points.find(({ values }) => values['target.sparsity'] === 0.9 && values['scope'] === 'global')!.job
    await page.waitForURL(new RegExp(`/jobs/${job}$`))
  })

  test('runs are chosen from the list, and the address keeps them', async () => {
    const { model, dataset } = stocked
    const { id } = await post<Job>('/v1/jobs', { model, dataset, recipe: { method: 'gradual', target: { sparsity: 0.9 }, training: { epochs: 2 } } })
    for (let tries = 0; tries < 8 && trained?.state !== 'succeeded'; tries++) trained = await get<Job>(`/v1/jobs/${id}?wait=30`)
    assert.equal(trained.state, 'succeeded')
    await page.goto(`${stocked.service.url}/compare`)
    const list = page.getByRole('table', { name: /Runs to compare/ })
    await list.getByRole('row', { name: /gradual/ }).getByText('gradual, 90 % sparsity').click()
    await list.getByRole('row', { name: /magnitude, 50 % sparsity/ }).first().getByText('magnitude, 50 % sparsity').click()
    await page.waitForURL(new RegExp(`jobs=${id}(,|%2C)job_`))
    await page.getByRole('region', { name: 'Before and after' }).getByRole('columnheader').nth(1).waitFor()
  })

  test('figures before and after are those of the receipts, and the best is marked', async () => {
    const other = (await get<Job>(`/v1/jobs/${sweep.points[0]!.job}`))
    await page.goto(`${stocked.service.url}/compare?jobs=${trained.id},${other.id}`)
    const row = page.getByRole('region', { name: 'Before and after' }).getByRole('row', { name: /^Not zero/ })
    await row.waitFor()
    const shown = await row.getByRole('cell').allTextContents()
    const text = (value: number): string => value.toLocaleString('en')
    // 266,200 weights in kernels and 410 biases; floor(s N + 0.5) of the weights go.
    const [fewer, more] = [266_610 - Math.floor(0.9 * 266_200 + 0.5), 266_610 - Math.floor(0.5 * 266_200 + 0.5)]
    assert.deepEqual(shown, [`${text(fewer)} best from 266,610`, `${text(more)} from 266,610`])
    const recipes = page.getByRole('region', { name: 'Recipes' })
    assert.equal(await recipes.getByRole('row', { name: /^target.sparsity/ }).locator('td.differs').textContent(), '0.5')
    assert.equal(await recipes.getByRole('row', { name: /^seed/ }).count(), 0)
    await page.getByText('Also what is the same').click()
    assert.equal(await recipes.getByRole('row', { name: /^seed/ }).count(), 1)
    await page.getByText('Also what is the same').click()
    await page.getByRole('application', { name: /accuracy: the arrow keys/ }).waitFor()
    await shoot(page, 'compare')
    await shootDark(page, 'compare')
  })

  test('no page did anything wrong', () => { pages.assertQuiet() })
})
