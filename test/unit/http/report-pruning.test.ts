/** The picture and the tables of mask updates on a receipt's page. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { searchRows, searchText, searchTitles, sensitivityRows, updateRows, updatesChart, updatesText } from '../../../src/http/report/pruning.ts'

const updates = Array.from({ length: 45 }, (_, index) => ({ step: 10 * index, asked: index / 50, sparsity: index / 50, pruned: 10 + index, spliced: index, net: 10 }))

test('the text adds up all updates', () => {
  assert.match(updatesText(updates).html, /updated 45 times: 1,440 weights were pruned, 990 were spliced back, 450 net/)
})

test('the table has at most twenty rows, and no count is lost', () => {
  const rows = updateRows(updates).map(({ html }) => [...html.matchAll(/<td class="n">([^<]*)<\/td>/g)].map(([, text]) => text!))
  assert.ok(rows.length <= 20)
  const column = (index: number): number => rows.reduce((sum, row) => sum + Number(row[index]!.replaceAll(',', '')), 0)
  assert.deepEqual([column(3), column(4), column(5)], [1440, 990, 450])
  assert.deepEqual(rows.at(-1)!.slice(0, 3), ['440', '88 %', '88 %'])
  assert.deepEqual(updateRows([]), [])
})

test('the picture draws what was asked and reached, and every splice', () => {
  const { html } = updatesChart(updates)
  const lines = [...html.matchAll(/<polyline points="([^"]*)"/g)].map(([, points]) => points!.split(' '))
  assert.deepEqual(lines.map((points) => points.length), [45, 45])
  assert.equal([...html.matchAll(/stroke="#c60"/g)].length, 44)
  for (const [x, y] of lines.flat().map((point) => point.split(',').map(Number))) assert.ok(x! >= 0 && x! <= 640 && y! >= 0 && y! <= 180)
  assert.equal(updatesChart(updates.slice(0, 1)).html, '')
  assert.equal([...updatesChart(updates.map((one) => ({ ...one, asked: null }))).html.matchAll(/<polyline points=""/g)].length, 1)
})

test('the search tells each try', () => {
  const search = { metric: 'accuracy', goal: 'largest' as const, examples: 500, baseline: 0.9, allowed: 0.89, curve: [{ sparsity: 0.5, value: 0.9, held: true }, { sparsity: 0.9, value: 0.8, held: false }], chosen: 0.5 }
  assert.match(searchText(search, 'sparsity').html, /over 500 examples stays at 89 % or above \(90 % before\) was searched in 2 tries: 50 %/)
  assert.deepEqual(searchRows(search).map(({ html }) => html.replace(/<[^>]*>/g, ' ').trim().split(/\s{2,}/)), [['50 %', '90 %', 'yes'], ['90 %', '80 %', 'no']])
  const size = { metric: 'parameters', goal: 'least' as const, examples: null, baseline: 1000, allowed: 100, curve: [{ sparsity: 0.9, value: 100, held: true }], chosen: 0.9 }
  assert.match(searchText(size, 'sparsity').html, /The least sparsity with at most 100 parameters \(1,000 before\) was found in 1 tries: 90 %/)
  assert.match(searchText(size, 'share of channels').html, /The least share of channels with at most 100 parameters/)
  assert.deepEqual(searchTitles('share of channels'), ['#share of channels', '#value', 'as asked'])
  assert.deepEqual(searchRows(size).map(({ html }) => html.replace(/<[^>]*>/g, ' ').trim().split(/\s{2,}/)), [['90 %', '100', 'yes']])
})

test('a layer\'s row tells the loss at each sparsity', () => {
  const rows = sensitivityRows([{ layer: 'conv<2>', points: [{ sparsity: 0, loss: 0.25 }, { sparsity: 0.5, loss: 1.23456 }] }])
  assert.equal(rows[0]!.html.replace(/<[^>]*>/g, '|').trim(), '||conv&lt;2&gt;||0.25 at 0 %, 1.235 at 50 %||')
})
