/** How long a stage still takes, by the time that what is done took. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { withEstimates } from '../../../src/methods/estimate.ts'
import type { Progress } from '../../../src/methods/progress.ts'

describe('estimates of progress', () => {
  test('from the second report of a stage on; what is told already stays', () => {
    const told: Progress[] = []
    let now = 0
    const report = withEstimates((progress) => { told.push(progress) }, () => now)
    const at = (ms: number, stage: string, done: number, total: number, etaSeconds: number | null = null): void => {
      now = ms
      report({ stage, done, total, etaSeconds })
    }
    at(0, 'reading', 0, 1)
    at(1000, 'calibrating', 10, 50)
    at(3000, 'calibrating', 20, 50)
    at(4000, 'calibrating', 50, 50)
    at(9000, 'calibrating', 10, 50) // the next round
    at(9500, 'calibrating', 20, 50)
    at(9600, 'training', 1, 10, 7.5)
    at(9700, 'training', 2, 10, null)
    assert.deepEqual(told.map(({ etaSeconds }) => etaSeconds), [null, null, 6, 0, null, 1.5, 7.5, 0.8])
    assert.deepEqual(told[2], { stage: 'calibrating', done: 20, total: 50, etaSeconds: 6 })
  })
})
