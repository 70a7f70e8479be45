/** A job as the API shows it. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Value } from 'typebox/value'
import type { JobRow, WholeJob } from '../../../src/jobs/ports.ts'
import { Job, JobSummary } from '../../../src/jobs/resources.ts'
import { jobView, summaryOf } from '../../../src/jobs/use-cases/job-view.ts'
import { jobRow, RECEIPT } from '../../contract/samples.ts'

const whole = (row: JobRow, artifacts: WholeJob['artifacts'] = []): WholeJob => ({ ...row, artifacts, attempts: [], workers: [], kept: null })

describe('jobView', () => {
  test('fits the schema, leaves out what is not there, and links artifacts', () => {
    const row = jobRow({ state: 'succeeded', createdAt: new Date('2026-01-02T03:04:05.678Z') })
    const view = jobView(whole(row, [{ name: 'a b.keras', format: 'keras', bytes: 3, sha256: 'ab' }]))
    assert.ok(Value.Check(Job, view), JSON.stringify([...Value.Errors(Job, view)]))
    assert.equal(view.createdAt, '2026-01-02T03:04:05.678Z')
    assert.equal(view.artifacts[0]?.url, `/v1/jobs/${row.id}/artifacts/a%20b.keras`)
    for (const absent of ['dataset', 'evaluationDataset', 'error', 'receipt', 'startedAt', 'finishedAt']) assert.ok(!(absent in view), absent)
  })

  test('an artifact that came after the row was read is not shown yet', () => {
    assert.deepEqual(jobView(whole(jobRow({ state: 'succeeded' }), [{ name: 'a.keras', format: 'keras', bytes: 3, sha256: 'ab' }]), jobRow({ state: 'running' })).artifacts, [])
  })

  test('shows an error and the times once they are there', () => {
    const view = jobView(whole(jobRow({ state: 'failed', error: { code: 'engine-crashed', message: 'signal 9' }, startedAt: new Date(0), finishedAt: new Date(1) })))
    assert.ok(Value.Check(Job, view))
    assert.deepEqual(view.error, { code: 'engine-crashed', message: 'signal 9' })
    assert.equal(view.finishedAt, '1970-01-01T00:00:00.001Z')
    assert.equal(view.checkpoint, undefined)
    const resumable = jobView(whole(jobRow({ checkpoint: { sha256: 'ab', bytes: 7, at: new Date(5) } })))
    assert.ok(Value.Check(Job, resumable))
    assert.deepEqual(resumable.checkpoint, { at: '1970-01-01T00:00:00.005Z', bytes: 7 })
  })

  test('in a list it is the same without what is large', () => {
    const row = jobRow({ state: 'succeeded', receipt: RECEIPT, startedAt: new Date(0), finishedAt: new Date(1) })
    const { before, after } = RECEIPT
    const { receipt: _, ...bare } = row
    const listed = { ...bare, workers: [], kept: null }
    const summary = summaryOf({ ...listed, figures: { before, after } })
    assert.ok(Value.Check(JobSummary, summary), JSON.stringify([...Value.Errors(JobSummary, summary)]))
    const { attempts, artifacts, receipt, ...rest } = jobView(whole(row))
    assert.deepEqual([attempts, artifacts, receipt], [[], [], RECEIPT])
    assert.deepEqual(summary, { ...rest, receipt: { before, after } })
    assert.ok(!('receipt' in summaryOf({ ...listed, figures: null })))
  })
})
