/** Jobs and runs in the browser, on the real stack: watched while they train, cancelled, retried, downloaded, repeated. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { after, before, describe, test } from 'node:test'
import { promisify } from 'node:util'
import type { Page } from 'playwright-core'
import type { Job, JobSummary } from '../../src/jobs/resources.ts'
import type { TestService } from '../support/service.ts'
import { openStockedService } from '../support/stocked-service.ts'
import { openPages, shoot, shootDark, type Pages } from './support/pages.ts'

const run = promisify(execFile)
const LIMIT_MS = 240_000

describe('jobs and runs in the browser', () => {
  let service: TestService, model: string, dataset: string, pages: Pages
  before(async () => {
    ({ service, model, dataset } = await openStockedService('examples/lenet5.keras', 2000))
    pages = await openPages(service.url)
  })
  after(async () => {
    await pages?.close()
    await service?.close()
  })

  const submit = async (recipe: object): Promise<string> => (await service.client.createJob({ model, dataset, recipe })).id
  const succeeded = async (id: string): Promise<Job> => {
    const job = await service.client.waitForJob(id)
    assert.equal(job.state, 'succeeded', JSON.stringify(job.error))
    return job
  }
  const heading = async (page: Page, name: string | RegExp): Promise<void> => { await page.getByRole('heading', { name }).first().waitFor({ timeout: LIMIT_MS }) }

  test('a run by surgery, watched from the list to its receipt', async () => {
    const page = await pages.open('/jobs')
    await page.getByRole('heading', { name: 'No jobs yet' }).waitFor()
    await shoot(page, 'jobs-none')
    await page.getByText('Live', { exact: true }).waitFor()
    const id = await submit({ method: 'surgery', target: { sparsity: 0.9 }, training: { epochs: 40, batchSize: 32, validation: 0.2 }, seed: 3 })
    await page.getByRole('link', { name: 'surgery, 90 % sparsity' }).click({ timeout: LIMIT_MS })
    assert.equal(new URL(page.url()).pathname, `/jobs/${id}`)
    await page.getByText(/^step [\d,]+ of [\d,]+/).waitFor({ timeout: LIMIT_MS })
    await page.getByRole('figure', { name: 'Sparsity by layer' }).waitFor({ timeout: LIMIT_MS })
    const readout = page.getByRole('figure', { name: 'Loss' }).locator('.chart-readout')
    const first = await readout.textContent()
    await page.waitForFunction((earlier) => document.querySelectorAll('.chart-readout')[1]?.textContent !== earlier, first, { timeout: LIMIT_MS })
    await shoot(page, 'run-live')
    const job = await succeeded(id)
    await page.getByRole('heading', { name: 'Receipt' }).waitFor({ timeout: LIMIT_MS })
    const { before: given, after: made } = job.receipt!
    const shown = await page.getByRole('region', { name: 'Before and after' }).textContent()
    for (const text of [`${(made.metrics!.accuracy! * 100).toLocaleString('en', { maximumFractionDigits: 2 })} %`, `${(given.metrics!.accuracy! * 100).toLocaleString('en', { maximumFractionDigits: 2 })} % before`, '90 %']) assert.ok(shown?.includes(text), `${text} in ${shown}`)
    await heading(page, 'Weights that went and came back')
    await heading(page, 'Which are left')
    await shoot(page, 'run-surgery')
    await shootDark(page, 'run-surgery')
    await page.context().close()
  })

  test('a chart by keyboard and as a table; layers in the order of a column', async () => {
    const { items } = await service.client.get<{ items: JobSummary[] }>('/v1/jobs?state=succeeded')
    const job = await service.client.get<Job>(`/v1/jobs/${items.at(-1)!.id}`)
    const page = await pages.open(`/jobs/${job.id}`)
    const chart = page.getByRole('figure', { name: 'Loss' })
    await chart.getByRole('application').focus()
    await page.keyboard.press('Home')
    await page.keyboard.press('ArrowRight')
    const { series } = await service.client.get<{ series: Record<string, Array<[number, number, number]>> }>(`/v1/jobs/${job.id}/metrics?limit=10000`)
    const steps = [...new Set([...series['loss']!, ...series['val_loss']!].map(([step]) => step))].sort((a, b) => a - b)
    assert.match((await chart.locator('.chart-readout').textContent())!, new RegExp(`^step ${steps[1]!.toLocaleString('en')}: training `))
    await chart.getByText('As a table').click()
    await chart.getByRole('rowheader').first().waitFor()
    assert.equal(await chart.getByRole('rowheader').count(), Math.min(101, steps.length))
    const layers = page.getByRole('table', { name: 'Layers' })
    await layers.getByRole('button', { name: 'Weights' }).click()
    const most = [...job.receipt!.layers].sort((a, b) => a.weights - b.weights)
    assert.match((await layers.getByRole('row').nth(1).textContent())!, new RegExp(`^${most[0]!.name}`))
    await page.context().close()
  })

  test('the file and the receipt are downloaded, and what is copied repeats the run to the same bytes', async () => {
    const job = await succeeded(await submit({ method: 'magnitude', target: { sparsity: 0.5 }, granularity: { type: 'n:m', n: 2, m: 4 } }))
    const page = await pages.open(`/jobs/${job.id}`)
    const [artifact] = job.artifacts
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: `Download ${artifact!.name}` }).click()])
    const sha256 = createHash('sha256').update(await readFile(await download.path())).digest('hex')
    assert.deepEqual([download.suggestedFilename(), sha256], [artifact!.name, artifact!.sha256])
    const [receipt] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: `Download receipt-${job.id}.html` }).click()])
    assert.match(await readFile(await receipt.path(), 'utf8'), new RegExp(`<h1>Receipt of job ${job.id}</h1>`))
    const text = async (form: string): Promise<string> => {
      await page.getByRole('tab', { name: form, exact: true }).click()
      return (await page.getByRole('region', { name: form, exact: true }).textContent())!
    }
    const { stdout } = await run('bash', ['-c', (await text('curl')).replace('curl ', 'curl -s ')])
    const again = await succeeded((JSON.parse(stdout) as Job).id)
    assert.deepEqual([again.recipe, again.artifacts[0]!.sha256], [job.recipe, artifact!.sha256])
    const python = await run('python3', ['-c', await text('Python')], { cwd: service.home })
    assert.match(python.stdout, new RegExp(`${artifact!.name} ${artifact!.sha256}`))
    const recipe = await text('Recipe, YAML')
    const form = new FormData()
    form.append('recipe', recipe)
    form.append('model', model)
    form.append('dataset', dataset)
    const answer = await fetch(`${service.url}/v1/jobs`, { method: 'POST', body: form })
    assert.equal(answer.status, 202)
    assert.deepEqual((await answer.json() as Job).recipe, job.recipe)
    await page.getByRole('button', { name: 'Zoom in on the map' }).click()
    await shoot(page, 'run-nm')
    await page.context().close()
  })

  test('channels: the drawn network and its groups', async () => {
    const job = await succeeded(await submit({ method: 'structured', target: { macs: 0.5 } }))
    const page = await pages.open(`/jobs/${job.id}`)
    await heading(page, 'Channels')
    const groups = page.getByRole('table', { name: 'Groups of channels' })
    for (const { name, before: was, after: is } of job.receipt!.structure!.groups) {
      const row = await groups.getByRole('row', { name: new RegExp(`^${name}`) }).first().textContent()
      assert.ok(row?.includes(`${was}${is}${was - is}`), `${name}: ${row}`)
    }
    await shoot(page, 'run-structured')
    await page.context().close()
  })

  test('a failure in plain words, a cancelled run, a retried one', async () => {
    const failed = await submit({ method: 'magnitude', target: { sparsity: 0 } })
    assert.equal((await service.client.waitForJob(failed)).state, 'failed')
    const page = await pages.open(`/jobs/${failed}`)
    await heading(page, 'The run would have changed nothing')
    await shoot(page, 'run-failed')
    const id = await submit({ method: 'fine-tune', training: { epochs: 400, batchSize: 16 } })
    await page.goto(`${service.url}/jobs?state=running`)
    await page.getByRole('progressbar').first().waitFor({ timeout: LIMIT_MS })
    await page.goto(`${service.url}/jobs`)
    const row = page.getByRole('row').filter({ hasText: 'fine-tune' })
    await row.getByText(/Training, epoch \d+/).waitFor({ timeout: LIMIT_MS })
    await row.getByText(/ left$/).waitFor({ timeout: LIMIT_MS })
    await shoot(page, 'jobs')
    await shootDark(page, 'jobs')
    await row.getByRole('button', { name: 'Cancel fine-tune' }).click()
    const dialog = page.getByRole('dialog', { name: 'Cancel this run?' })
    await dialog.getByRole('button', { name: 'Cancel the run' }).click()
    await row.getByText('Cancelled', { exact: true }).waitFor({ timeout: LIMIT_MS })
    assert.equal((await service.client.waitForJob(id)).state, 'cancelled')
    await row.getByRole('button', { name: 'Retry fine-tune' }).click()
    await row.getByText('Running', { exact: true }).waitFor({ timeout: LIMIT_MS })
    await row.getByRole('button', { name: 'Cancel fine-tune' }).click()
    await dialog.getByRole('button', { name: 'Cancel the run' }).click()
    await row.getByText('Cancelled', { exact: true }).waitFor({ timeout: LIMIT_MS })
    await page.getByRole('button', { name: /State/ }).click()
    await page.getByRole('option', { name: 'Failed' }).click()
    await page.getByText('The run would have changed nothing').waitFor()
    assert.equal(await row.count(), 0)
    await page.context().close()
  })

  test('no page did anything wrong', () => { pages.assertQuiet() })
})
