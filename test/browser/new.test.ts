/** The page of a new run: files by drag and drop, what fits each other, problems at their fields, the plan, starting a run and a sweep. */
import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import type { Page } from 'playwright-core'
import { parse } from 'yaml'
import { IMAGES, pathOf } from '../support/fixtures.ts'
import { openService, type TestService } from '../support/service.ts'
import { dropFiles, sendSlowly } from './support/files.ts'
import { assertAccessible, openPages, shoot, shootDark, type Pages } from './support/pages.ts'

/** Of LeNet-5 on 28 x 28 images: kernels 5*5*1*20, 5*5*20*50, 800*500, 500*10, and 580 biases. */
const PRUNABLE = 500 + 25_000 + 400_000 + 5_000
const BIASES = 580

describe('the page of a new run', () => {
  let service: TestService, pages: Pages, page: Page
  before(async () => {
    service = await openService()
    pages = await openPages(service.url)
    page = await pages.open('/new')
  })
  after(async () => {
    await pages?.close()
    await service.close()
  })

  const get = async (address: string): Promise<any> => await (await fetch(`${service.url}${address}`)).json()
  const plan = () => page.getByRole('complementary', { name: 'Plan' })
  const recipe = () => page.getByLabel(/^Recipe as/)
  const ready = async (): Promise<void> => { await plan().getByText('The plan is ready').waitFor() }
  const choose = async (label: string, name: string | RegExp): Promise<void> => {
    await page.getByRole('button', { name: new RegExp(`${label}$`) }).click()
    await page.getByRole('option', { name }).click()
  }

  test('without files it says what to do, and starts nothing', async () => {
    await plan().getByText('Choose a model first').waitFor()
    assert.ok(await plan().getByRole('button', { name: 'Start the run' }).isDisabled())
    await shoot(page, 'new-empty')
  })

  test('a model is dropped; what is no model is refused in words, and nothing of it is kept', async () => {
    const wrong = path.join(service.home, 'notes.keras')
    await writeFile(wrong, 'not a model')
    const zone = page.getByRole('region', { name: 'Model' }).locator('.file-drop')
    await dropFiles(page, zone, [wrong])
    await page.getByRole('alert').getByText('notes.keras').waitFor()
    assert.equal((await get('/v1/models')).items.length, 0)
    await dropFiles(page, zone, [pathOf('examples/lenet5.keras')])
    await page.getByText('lenet5.keras', { exact: true }).waitFor()
    assert.equal((await get('/v1/models')).items.length, 1)
  })

  test('the plan is there, with the figures that counting gives', async () => {
    await ready()
    const zeros = Math.floor(0.9 * PRUNABLE + 0.5)
    const row = await plan().getByRole('row', { name: /^Not zero/ }).textContent()
    assert.equal(row, `Not zero431K${((PRUNABLE + BIASES - zeros) / 1000).toFixed(1)}K`)
    assert.match(String(await plan().textContent()), /Exact: the run makes these very zeros/)
    const layers = page.getByRole('table', { name: 'Layers of lenet5.keras' })
    assert.equal(await layers.getByRole('row').count(), 1 + 4)
    await page.getByRole('button', { name: /4 other layers/ }).click()
    assert.equal(await layers.getByRole('row').count(), 1 + 8)
    await page.getByRole('button', { name: /only what can be/ }).click()
  })

  test('a data set by the keyboard alone; an upload can be cancelled', async () => {
    const region = page.getByRole('region', { name: 'Data set' })
    const slow = await sendSlowly(page)
    const chooser = page.waitForEvent('filechooser')
    await region.getByRole('button', { name: /Choose a file/ }).focus()
    await page.keyboard.press('Enter')
    await (await chooser).setFiles(pathOf(IMAGES))
    await region.getByRole('progressbar').waitFor()
    await assertAccessible(page, 'an upload')
    await region.getByRole('button', { name: 'Cancel the upload' }).click()
    await region.getByText('Drop a data set here').waitFor()
    await slow.end()
    assert.equal((await get('/v1/datasets')).items.length, 0)
    const again = page.waitForEvent('filechooser')
    await region.getByRole('button', { name: /Choose a file/ }).click()
    await (await again).setFiles(pathOf(IMAGES))
    await page.getByText('fashion-mnist-test.zip', { exact: true }).waitFor()
    await ready()
  })

  test('what is wrong is told at its field, as the server says it', async () => {
    const field = page.getByRole('textbox', { name: 'Sparsity', exact: true })
    await field.fill('1.5')
    await page.locator('.field', { has: field }).getByText(/less than 1|below 1|< 1/).first().waitFor()
    assert.equal(await field.getAttribute('aria-invalid'), 'true')
    await plan().getByText('/target/sparsity').waitFor()
    assert.ok(await plan().getByRole('button', { name: 'Start the run' }).isDisabled())
    await assertAccessible(page, 'a wrong field')
    await field.fill('0.8')
    await ready()
    assert.equal(await field.getAttribute('aria-invalid'), null)
  })

  test('only what fits each other is offered', async () => {
    await page.getByRole('radio', { name: /^one-shot/ }).check({ force: true })
    await choose('Criterion', /^apoz/)
    assert.deepEqual(JSON.parse(await recipe().inputValue()), { method: 'one-shot', target: { sparsity: 0.8 }, criterion: 'apoz' })
    await page.getByRole('button', { name: /Who competes$/ }).click()
    const offered = await page.getByRole('option').allTextContents()
    assert.ok(!offered.some((name) => name.startsWith('output')) && offered.some((name) => name.startsWith('layer')), offered.join())
    await page.keyboard.press('Escape')
    await choose('What goes together', /^block/)
    assert.deepEqual(JSON.parse(await recipe().inputValue()), { method: 'one-shot', target: { sparsity: 0.8 }, granularity: { type: 'block', rows: 4, columns: 4 } }, 'the criterion of channels went')
    await page.getByRole('radio', { name: /^threshold/ }).check({ force: true })
    assert.equal(await page.getByRole('button', { name: /Criterion$/ }).count(), 0)
    assert.deepEqual(JSON.parse(await recipe().inputValue()), { method: 'threshold', target: { threshold: 0.01 } })
  })

  test('the recipe as text: YAML that is written fills the fields, a mistake is told, and it is copied', async () => {
    await page.getByText('YAML', { exact: true }).click()
    await recipe().fill('method: magnitude\ntarget: {sparsity: 0.75\n')
    await page.locator('.field', { has: recipe() }).locator('.wrong').waitFor()
    const text = 'method: magnitude\ntarget: {sparsity: 0.75}\nscope: layer\n'
    await recipe().fill(text)
    await ready()
    assert.equal(await recipe().inputValue(), text)
    assert.equal(await page.getByRole('textbox', { name: 'Sparsity', exact: true }).inputValue(), '0.75')
    await page.getByRole('checkbox', { name: /dense_4/ }).check({ force: true })
    await ready()
    assert.deepEqual(parse(await recipe().inputValue()), { method: 'magnitude', target: { sparsity: 0.75 }, scope: 'layer', layers: [{ match: 'dense_4', skip: true }] })
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write'])
    await page.getByRole('button', { name: 'Copy the recipe as YAML' }).click()
    assert.equal(await page.evaluate('navigator.clipboard.readText()'), await recipe().inputValue())
    await shoot(page, 'new')
    await shootDark(page, 'new')
  })

  test('a sweep over sparsities: its values, and the page of it', async () => {
    await page.getByText('Sweep: try several values').click()
    await page.getByLabel('Values to try').fill('0.5, x')
    await page.getByText('"x" is not a number').first().waitFor()
    await page.getByLabel('Values to try').fill('0.5, 0.9')
    await ready()
    await shoot(page, 'new-sweep')
    await plan().getByRole('button', { name: 'Start 2 runs' }).click()
    await page.waitForURL(/\/sweeps\/swp_/)
    const sweep = await get(`/v1${new URL(page.url()).pathname}`)
    assert.deepEqual(sweep.points.map(({ values }: { values: object }) => values), [{ 'target.sparsity': 0.5 }, { 'target.sparsity': 0.9 }])
  })

  test('a run is started from another one’s recipe, and its page comes', async () => {
    const { items: [job] } = await get('/v1/jobs?limit=1')
    await page.goto(`${service.url}/new?model=${job.model}&dataset=${job.dataset}&job=${job.id}`)
    await ready()
    assert.equal(await page.getByRole('textbox', { name: 'Sparsity', exact: true }).inputValue(), String(job.recipe.target.sparsity))
    await page.getByRole('textbox', { name: 'Sparsity', exact: true }).fill('0.6')
    await ready()
    await plan().getByRole('button', { name: 'Start the run' }).click()
    await page.waitForURL(/\/jobs\/job_/)
    const made = await get(`/v1${new URL(page.url()).pathname}`)
    assert.deepEqual([made.recipe.target, made.recipe.scope, made.recipe.layers, made.dataset], [{ sparsity: 0.6 }, 'layer', [{ match: 'dense_4', skip: true }], job.dataset])
    assert.equal((await get(`/v1/jobs/${made.id}?wait=30`)).state, 'succeeded')
  })

  test('no page did anything wrong', () => { pages.assertQuiet() })
})
