/** What metrics mean to the dashboard: as the engine has them, so that the best run is marked as the best. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { TRAIN_METRICS } from '../../../src/engine/train/metrics/index.ts'
import { kindOf, mainMetric, metricText } from '../../../src/web/format/metrics.ts'
import { bestOf, figuresOf } from '../../../src/web/pages/compare/figures.ts'
import type { Measurement } from '../../../src/web/api/types.ts'

const measured = (metrics: Record<string, number> | null): Measurement => ({ metrics, sparsity: 0.5, compression: 2, weights: 10, nonzeros: 5, macs: null, effectiveMacs: null, bytes: 100, gzipBytes: 50, latencyMs: null }) as unknown as Measurement

describe('metrics', () => {
  test('what is better is what the engine says', () => {
    for (const [name, { better }] of Object.entries(TRAIN_METRICS)) assert.equal(kindOf(name)?.better, better, name)
    assert.equal(kindOf('loss')?.better, 'lower')
    assert.deepEqual([kindOf('nothing'), kindOf('constructor')], [undefined, undefined])
  })

  test('of each metric the best of two runs is the one that the engine would choose', () => {
    const [low, high] = [measured({ r2: 0.1, cosineSimilarity: 0.2, exactMatch: 0.3, mae: 0.1, unknown: 1 }), measured({ r2: 0.9, cosineSimilarity: 0.8, exactMatch: 0.7, mae: 0.5, unknown: 2 })]
    const best = Object.fromEntries(figuresOf([low, high]).filter(({ name }) => name in low.metrics!).map(({ name, of, better }) => [name, [...bestOf([of(low), of(high)], better)]]))
    assert.deepEqual(best, { r2: [1], cosineSimilarity: [1], exactMatch: [1], mae: [0], unknown: [] })
  })

  test('shares are percent, scores and errors are numbers', () => {
    assert.deepEqual([metricText('accuracy', 0.9123), metricText('meanIoU', 0.5), metricText('r2', 0.5), metricText('mse', 0.01234), metricText('auc', null)], ['91.23 %', '50 %', '0.5', '0.01234', '–'])
  })

  test('the main one is accuracy, else mse, else loss, else the first', () => {
    const main = (metrics: Record<string, number> | null) => mainMetric({ before: measured(null), after: measured(metrics) })
    assert.deepEqual([{ loss: 1, accuracy: 0.5 }, { mae: 1, mse: 2 }, { mae: 1, loss: 2 }, { r2: 0.4 }].map((metrics) => main(metrics)?.name), ['accuracy', 'mse', 'loss', 'r2'])
    assert.equal(main(null), null)
    assert.deepEqual(main({ accuracy: 0.5 }), { name: 'accuracy', isShare: true, before: null, after: 0.5 })
  })
})
