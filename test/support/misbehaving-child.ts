/** An engine process for tests: speaks the worker's protocol and does what the recipe's `behave` or else the job's id says. */
import { readFileSync, writeFileSync } from 'node:fs'
import type { FromChild, ToChild } from '../../src/worker/protocol.ts'

const send = (message: FromChild): void => { process.send?.(message) }
const held: Uint8Array[] = []
let pausable: string | undefined

process.on('disconnect', () => process.exit(0))
process.on('message', (message: ToChild) => {
  if (message.type === 'checkpointed') process.exit(7)
  if (message.type === 'pause') {
    if (message.job === pausable) send({ type: 'failed', job: pausable, error: { code: 'job-paused', message: 'the job was paused' } })
    pausable = undefined
    return
  }
  if (message.type !== 'run') process.exit(0)
  const { job } = message
  const behave = (message.recipe as { behave?: string }).behave ?? job
  send({ type: 'progress', job, progress: { stage: behave, done: 1, total: 2, etaSeconds: null } })
  if (behave === 'pausable') pausable = job
  if (behave === 'abort') {
    console.error('Check failed: an invariant of the native library')
    process.abort()
  }
  if (behave === 'exit') process.exit(7)
  if (behave === 'fail') send({ type: 'failed', job, error: { code: 'nothing-pruned', message: 'nothing to prune' } })
  if (behave === 'spin') for (;;) held.length = 0
  if (behave === 'grow') setInterval(() => { held.push(new Uint8Array(32 << 20).fill(1)) }, 5)
  const figures = (...steps: number[]) => steps.map((step) => ({ step, epoch: 1, values: { loss: step } }))
  if (behave === 'figures' && message.checkpoint === null) send({ type: 'metrics', job, from: 0, points: figures(1, 2, 3, 4, 5) })
  if (behave === 'figures' && message.checkpoint !== null) {
    send({ type: 'metrics', job, from: 3, points: [] })
    send({ type: 'metrics', job, points: figures(6) })
    send({ type: 'done', job, receipt: {} as never, outputs: [] })
  }
  if ((behave === 'checkpoint' || behave === 'figures') && message.checkpoint === null) {
    const path = `${message.checkpointFolder}/one`
    writeFileSync(path, 'half of the work')
    send({ type: 'checkpoint', job, file: { path, bytes: 16 } })
  }
  if (behave === 'checkpoint' && message.checkpoint !== null) {
    const state = readFileSync(message.checkpoint.path, 'utf8')
    send(state === 'half of the work' ? { type: 'done', job, receipt: {} as never, outputs: [] } : { type: 'failed', job, error: { code: 'internal', message: `the checkpoint is "${state}"` } })
  }
  if (behave === 'refuse' && message.checkpoint !== null) send({ type: 'failed', job, error: { code: 'invalid-request', message: 'the checkpoint cannot be read: it is empty', details: { checkpoint: true } } })
  if (behave === 'refuse' && message.checkpoint === null) send({ type: 'done', job, receipt: {} as never, outputs: [] })
  if (behave === 'done') send({ type: 'done', job, receipt: {} as never, outputs: [] })
})

const { unloadable } = JSON.parse(process.argv[2] ?? '{}') as { unloadable?: boolean }
if (unloadable === true) send({ type: 'failed', job: '', error: { code: 'engine-unavailable', message: 'TensorFlow cannot be loaded; run: npm run setup' } })
else send({ type: 'ready', engine: { device: 'cpu' } })
