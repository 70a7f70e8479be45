/** The state machine of a job. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { JOB_STATES, type JobState } from '../../../src/jobs/resources.ts'
import { canMove, ENDED, isEnded, QUEUED_OR_WORKED_ON, stateAfterCancel, stateAfterPause, statesBefore } from '../../../src/jobs/states.ts'

const anyState = fc.constantFrom(...JOB_STATES)

describe('states of a job', () => {
  test('the straight way and the ways out of it', () => {
    assert.ok(canMove('queued', 'running') && canMove('running', 'succeeded') && canMove('running', 'failed'))
    assert.ok(canMove('running', 'cancelling') && canMove('cancelling', 'cancelled') && canMove('queued', 'cancelled'))
    assert.ok(canMove('failed', 'queued') && canMove('cancelled', 'queued') && !canMove('succeeded', 'queued'))
    assert.ok(!canMove('queued', 'succeeded') && !canMove('cancelling', 'succeeded') && !canMove('cancelled', 'failed'))
  })

  test('statesBefore is canMove read backwards', () => {
    fc.assert(fc.property(anyState, anyState, (from, to) => statesBefore(to).includes(from) === canMove(from, to)))
  })

  test('no state moves to itself, and only succeeded is final', () => {
    for (const state of JOB_STATES) {
      assert.ok(!canMove(state, state))
      assert.equal(JOB_STATES.every((to) => !canMove(state, to)), state === 'succeeded')
    }
  })

  test('an ended job goes nowhere but back into the queue', () => {
    fc.assert(fc.property(anyState, anyState, (from, to) => !isEnded(from) || !canMove(from, to) || to === 'queued'))
  })

  test('a job is either ended, paused or wants a queue entry', () => {
    for (const state of JOB_STATES) assert.equal([isEnded(state), state === 'paused', QUEUED_OR_WORKED_ON.includes(state)].filter(Boolean).length, 1, state)
  })

  test('cancelling is possible exactly until the end, and is a legal move', () => {
    for (const state of JOB_STATES) {
      const after = stateAfterCancel(state)
      assert.equal(after === null, isEnded(state))
      assert.ok(after === null || after === state || canMove(state, after))
    }
  })

  test('pausing is possible while a job waits or runs, is a legal move, and never loses a success', () => {
    for (const state of JOB_STATES) {
      const after = stateAfterPause(state)
      assert.equal(after !== null, ['queued', 'running', 'pausing'].includes(state))
      assert.ok(after === null || after === state || canMove(state, after))
    }
    assert.ok(canMove('pausing', 'paused') && canMove('pausing', 'succeeded') && canMove('paused', 'queued') && !canMove('paused', 'running'))
  })

  test('any walk reaches an end: from every state some end can be reached', () => {
    const reach = (state: JobState, seen: Set<JobState>): boolean =>
      ENDED.includes(state) || (!seen.has(state) && JOB_STATES.some((to) => canMove(state, to) && reach(to, new Set([...seen, state]))))
    fc.assert(fc.property(anyState, (state) => reach(state, new Set())))
  })

  test('a success is never undone by any walk', () => {
    fc.assert(fc.property(fc.array(anyState, { maxLength: 30 }), (wishes) => {
      let state: JobState = 'queued'
      let succeeded = false
      for (const wish of wishes) {
        if (canMove(state, wish)) state = wish
        succeeded ||= state === 'succeeded'
      }
      return !succeeded || state === 'succeeded'
    }))
  })
})
