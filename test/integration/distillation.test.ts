/** Distillation: the losses and gradients that PyTorch has, and a pruned model that learns from the one it came from. */
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { after, before, describe, test } from 'node:test'
import * as tf from '@tensorflow/tfjs-node-gpu'
import { distillationLoss } from '../../src/engine/train/distillation.ts'
import { LOSSES, type LossName } from '../../src/engine/train/losses/index.ts'
import { createJobs, type Jobs } from '../support/jobs.ts'

interface Case { kind: 'softmax' | 'sigmoid' | 'linear', student: number[][], teacher: number[][], own: number, targets: number[] | number[][], loss: number, gradient: number[][] }

const peer = JSON.parse(await readFile(new URL('../fixtures/distillation/torch.json', import.meta.url), 'utf8')) as { weight: number, temperature: number, cases: Case[] }
const LOSS_OF: Record<Case['kind'], LossName> = { softmax: 'sparse-categorical-crossentropy', sigmoid: 'binary-crossentropy', linear: 'mean-squared-error' }

function near (got: Iterable<number>, expected: readonly number[], what: string): void {
  ;[...got].forEach((value, index) => { assert.ok(Math.abs(value - expected[index]!) < 2e-5, `${what} ${index}: ${value}, PyTorch has ${expected[index]}`) })
}

for (const { kind, student, teacher, targets, loss, gradient } of peer.cases) {
  for (const fromLogits of kind === 'linear' ? [false] : [true, false]) {
    test(`${kind}, from ${fromLogits ? 'logits' : 'outputs'}`, () => {
      const name = LOSS_OF[kind]
      const activate = (logits: tf.Tensor): tf.Tensor => fromLogits || kind === 'linear' ? logits : kind === 'softmax' ? tf.softmax(logits) : tf.sigmoid(logits)
      tf.tidy(() => {
        const objective = [{ name, loss: LOSSES[name], fromLogits }]
        const { value, grad } = tf.valueAndGrad((logits: tf.Tensor) => {
          const outputs = activate(logits)
          const own = tf.mean(LOSSES[name].perExample(tf.tensor(targets), outputs, fromLogits))
          return distillationLoss({ weight: peer.weight, temperature: peer.temperature }, objective, own, { outputs: [outputs], taught: [activate(tf.tensor2d(teacher))], masks: [undefined] })
        })(tf.tensor2d(student))
        near(value.dataSync(), [loss], 'loss')
        near(grad.dataSync(), gradient.flat(), 'gradient')
      })
    })
  }
}

describe('in a job', () => {
  let jobs: Jobs
  before(async () => { jobs = await createJobs(1500) })
  after(async () => { await jobs.close() })

  test('a model that learns from the given one alone comes nearer to it than one that learns from the targets', async () => {
    const training = { epochs: 3, batchSize: 64, optimizer: { type: 'adam', learningRate: 0.002 } }
    const accuracies: number[] = []
    for (const distillation of [null, { weight: 1, temperature: 2 }]) {
      const { receipt } = await jobs.start(`taught-${distillation?.weight ?? 0}`, 'test/fixtures/models/mlp.keras', { method: 'gradual', target: { sparsity: 0.97 }, training: { ...training, distillation }, evaluation: { latency: false } }, { dataset: jobs.dataset })
      accuracies.push(receipt.after.metrics!.accuracy!)
      assert.equal(receipt.after.sparsity, 0.97)
    }
    assert.ok(accuracies[1]! > 0.6, `${accuracies}`)
    assert.notEqual(accuracies[0], accuracies[1])
  })
})
