/** The pages of models and data sets: upload, what is in a file, the jobs that use it, deleting after a question. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { Page } from 'playwright-core'
import { IMAGES, pathOf } from '../support/fixtures.ts'
import { openService, type TestService } from '../support/service.ts'
import { dropFiles } from './support/files.ts'
import { openPages, shoot, shootDark, type Pages } from './support/pages.ts'

describe('the pages of models and data sets', () => {
  let service: TestService, pages: Pages, page: Page
  before(async () => {
    service = await openService()
    pages = await openPages(service.url)
    page = await pages.open('/models')
  })
  after(async () => {
    await pages?.close()
    await service.close()
  })

  test('a dropped model is shown with its layers and why the rest stays', async () => {
    await page.getByText('No models yet').waitFor()
    await shoot(page, 'models-empty')
    await dropFiles(page, page.locator('.file-drop'), [pathOf('test/fixtures/models/resnet8.keras')])
    const layers = page.getByRole('table', { name: 'Layers of resnet8.keras' })
    await layers.waitFor()
    const named = await layers.getByRole('rowheader').allTextContents()
    assert.equal(named.filter((name) => name.endsWith('Conv2D')).length, 9, 'the convolutions that Keras tells of')
    await page.getByRole('button', { name: /other layers/ }).click()
    await layers.getByRole('row', { name: /^batch_normalization/ }).first().getByText(/normalisation parameters/).waitFor()
    await page.getByText('None yet.').waitFor()
    await page.getByRole('button', { name: /only what can be/ }).click()
    await shoot(page, 'models')
    await shootDark(page, 'models')
  })

  test('a dropped data set is shown with its examples, and the jobs that use it', async () => {
    await page.goto(`${service.url}/datasets`)
    await page.getByText('No data sets yet').waitFor()
    await dropFiles(page, page.locator('.file-drop'), [pathOf(IMAGES)])
    await page.getByText('28×28', { exact: false }).first().waitFor()
    const id = new URL(page.url()).searchParams.get('id')
    const { items: [model] } = await (await fetch(`${service.url}/v1/models`)).json() as { items: Array<{ id: string }> }
    const answer = await fetch(`${service.url}/v1/jobs`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ model: model!.id, dataset: id, recipe: { method: 'magnitude', target: { sparsity: 0.5 } } }) })
    const job = await answer.json() as { id: string }
    await page.reload()
    const link = page.getByRole('link', { name: 'magnitude, 50 % sparsity' })
    assert.equal(await link.getAttribute('href'), `/jobs/${job.id}`)
    assert.equal((await (await fetch(`${service.url}/v1/jobs/${job.id}?wait=30`)).json() as { state: string }).state, 'succeeded')
    await page.reload()
    await page.getByText('Succeeded').waitFor()
    await shoot(page, 'datasets')
  })

  test('deleting asks first', async () => {
    const remove = page.getByRole('button', { name: 'Delete fashion-mnist-test.zip' })
    await remove.click()
    const dialog = page.getByRole('dialog', { name: 'Delete fashion-mnist-test.zip?' })
    await dialog.getByRole('button', { name: 'Keep it' }).click()
    await dialog.waitFor({ state: 'detached' })
    await remove.click()
    await dialog.getByRole('button', { name: 'Delete it' }).click()
    await page.getByText('No data sets yet').waitFor()
    assert.deepEqual((await (await fetch(`${service.url}/v1/datasets`)).json() as { items: unknown[] }).items, [])
  })

  test('no page did anything wrong', () => { pages.assertQuiet() })
})
