/** Stages behind a method: put together at a new run, checked while they are written, and in the receipt what each did. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { Page } from 'playwright-core'
import type { Job } from '../../src/web/api/types.ts'
import { openStockedService, type StockedService } from '../support/stocked-service.ts'
import { openPages, shoot, shootDark, type Pages } from './support/pages.ts'

/** Of the network 784-300-100-10, and its zeros at 95 %: the method before the stages takes 90. */
const WEIGHTS = 784 * 300 + 300 * 100 + 100 * 10
const ZEROS = Math.floor(0.95 * WEIGHTS + 0.5)

describe('stages', () => {
  let stocked: StockedService, pages: Pages, page: Page
  before(async () => {
    stocked = await openStockedService('test/fixtures/models/mlp.keras', 400)
    pages = await openPages(stocked.service.url)
    page = await pages.open(`/new?model=${stocked.model}&dataset=${stocked.dataset}`)
  })
  after(async () => {
    await pages?.close()
    await stocked?.service.close()
  })

  const add = async (name: string): Promise<void> => {
    await page.getByRole('button', { name: /Add a stage$/ }).click()
    await page.getByRole('option', { name, exact: true }).click()
  }
  const titles = async (): Promise<string[]> => await page.locator('.stage h3').allTextContents()
  const recipe = async (): Promise<any> => JSON.parse(await page.getByRole('textbox', { name: 'Recipe as JSON' }).inputValue())
  const plan = () => page.getByRole('complementary', { name: 'Plan' })

  test('the catalogue names them; they are added, moved and removed, and the recipe has them', async () => {
    await page.getByRole('button', { name: /Add a stage$/ }).click()
    const { stages } = await (await fetch(`${stocked.service.url}/v1/catalog`)).json() as { stages: Array<{ name: string }> }
    assert.deepEqual((await page.getByRole('option').allTextContents()).slice(1), stages.map(({ name }) => name))
    await page.keyboard.press('Escape')
    for (const name of ['shrink', 'fine-tune', 'prune']) await add(name)
    assert.deepEqual(await titles(), ['1. shrink', '2. fine-tune', '3. prune'])
    await page.getByRole('button', { name: 'Move 2. fine-tune up' }).click()
    assert.deepEqual(await titles(), ['1. fine-tune', '2. shrink', '3. prune'])
    await page.getByRole('button', { name: 'Remove 2. shrink' }).click()
    await page.getByRole('button', { name: 'Move 1. fine-tune down' }).click()
    assert.deepEqual((await recipe()).stages, [{ stage: 'prune', method: 'magnitude', target: { sparsity: 0.9 } }, { stage: 'fine-tune' }])
  })

  test('what is wrong with one is told at it, by the page or by the server', async () => {
    const settings = page.getByLabel('Settings of 2. fine-tune')
    await settings.fill('{"training": ')
    await page.locator('.stage').nth(1).locator('.wrong').waitFor()
    assert.deepEqual((await recipe()).stages[1], { stage: 'fine-tune' })
    await settings.fill('{"training": {"epochs": -1}}')
    await page.locator('.stage').nth(1).locator('.wrong').filter({ hasText: /-1|>= *\d|minimum|least/ }).waitFor()
    await plan().getByText('/stages/1').first().waitFor()
    await settings.fill('{"training": {"epochs": 1}}')
    await page.getByLabel('Settings of 1. prune').fill('{"method": "magnitude", "target": {"sparsity": 0.95}}')
    await plan().getByText('The plan is ready').waitFor()
    assert.deepEqual((await recipe()).stages[1], { training: { epochs: 1 }, stage: 'fine-tune' })
    await shoot(page, 'new-stages')
    await shootDark(page, 'new-stages')
  })

  test('the receipt tells of each what it did', async () => {
    await plan().getByRole('button', { name: 'Start the run' }).click()
    await page.waitForURL(/\/jobs\/job_/)
    const id = new URL(page.url()).pathname.split('/').at(-1)!
    const { state, error, receipt } = await (await fetch(`${stocked.service.url}/v1/jobs/${id}?wait=30`)).json() as Job
    assert.equal(state, 'succeeded', error?.message)
    assert.deepEqual(receipt!.stages!.map(({ stage }) => stage), ['prune', 'fine-tune'])
    const rows = page.getByRole('table', { name: 'Stages' }).getByRole('row')
    await rows.nth(2).waitFor()
    const [, prune, tune] = await rows.allTextContents()
    const [all, zeros] = [WEIGHTS.toLocaleString('en'), ZEROS.toLocaleString('en')]
    assert.match(String(prune), new RegExp(`^1\\. prune.*${all}.*${zeros}.*method magnitude`))
    assert.match(String(tune), new RegExp(`^2\\. fine-tune.*${all}${zeros}`))
    await shoot(page, 'job-stages')
  })

  test('no page did anything wrong', () => { pages.assertQuiet() })
})
