/** Channels on a receipt's page: what went, what goes together, and why some stay. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { reportPage } from '../../../src/http/report/page.ts'
import { GROUP_TITLES, groupRows, structureText } from '../../../src/http/report/structure.ts'
import { RECEIPT } from '../../contract/samples.ts'

const structure = {
  channels: { before: 1034, removable: 1024, after: 522 },
  groups: [
    { name: 'conv<1>', makers: ['conv<1>', 'shortcut'], layers: ['conv<1>', 'norm', 'shortcut', 'conv2'], before: 1024, after: 512 },
    { name: 'head', makers: ['head'], layers: ['head'], before: 10, after: 10, kept: ['its channels are the outputs of the model'] },
  ],
}

const cellsOf = (row: string): string[] => [...row.matchAll(/<td[^>]*>([^<]*)<\/td>/g)].map(([, text]) => text!)

test('the text counts channels that went among those that might', () => {
  assert.match(structureText(structure).html, /Of 1,034 channels 1,024 might go, and 512 went \(50 % of these\)/)
  assert.match(structureText({ channels: { before: 3, removable: 0, after: 3 }, groups: [] }).html, /0 went \(0 %/)
})

test('a row for each group; one that stays says why', () => {
  const [first, last] = groupRows(structure).map(({ html }) => html)
  assert.deepEqual(cellsOf(first!), ['conv&lt;1&gt;', 'conv&lt;1&gt;, shortcut', 'conv&lt;1&gt;, norm, shortcut, conv2', '1,024', '512', '50 %', ''])
  assert.deepEqual(cellsOf(last!), ['head', 'head', 'head', '10', '10', '0 %', 'its channels are the outputs of the model'])
  assert.deepEqual([first!, last!].map((row) => row.startsWith('<tr class="skipped">')), [false, true])
  assert.equal(cellsOf(first!).length, GROUP_TITLES.length)
})

test('the page has the section where channels went, and calls what was searched by its name', () => {
  const page = (changes: object): string => reportPage({ id: 'job_1', createdAt: new Date(0), finishedAt: null, receipt: { ...RECEIPT, ...changes } })
  const search = { metric: 'multiplications', goal: 'least' as const, examples: null, baseline: 1000, allowed: 500, curve: [{ sparsity: 0.4, value: 490, held: true }], chosen: 0.4 }
  const made = page({ structure, search })
  assert.match(made, /<h2>Channels<\/h2>[^]*conv&lt;1&gt;[^]*<h2>Search<\/h2>\n<p>The least share of channels with at most 500 multiplications/)
  assert.match(made, /<th class="n">share of channels<\/th>/)
  assert.match(made, /<th>compression \(parameters of the given model \/ nonzeros\)<\/th>/)
  const zeroed = page({ search })
  assert.match(zeroed, /<th>compression<\/th>/)
  assert.ok(!zeroed.includes('<h2>Channels</h2>'))
  assert.match(zeroed, /The least sparsity with at most 500 multiplications/)
})
