/** What calibration data tells of every weight: the inputs it is multiplied with, and the derivative of the loss. */
import { spreadNorms } from '../../../engine/observe/index.ts'
import type { DataSight } from '../calibrate.ts'
import { overData } from '../calibrate.ts'

const unseen = (reason: string | undefined): string | undefined => reason === undefined ? undefined : `the criterion cannot be observed of it: ${reason}`

const inputNorms: DataSight<'inputNorms'> = {
  what: 'norm of the inputs of every weight',
  observation: 'inputNorms',
  refuse: ({ skipped }, { name }) => unseen(skipped.inputNorms.get(name)),
  read ({ results, examples }, { name, shape }) {
    const each = Math.sqrt(examples)
    return { inputs: spreadNorms(results.inputNorms.get(name)!, shape).map((norm) => norm / each) }
  },
}

const gradientsOf = (what: string, more: Pick<DataSight<'lossGradients'>, 'read' | 'request'>): DataSight<'lossGradients'> => ({
  what,
  observation: 'lossGradients',
  refuse: ({ skipped }, { name }) => unseen(skipped.lossGradients.get(name)),
  ...more,
})

export const inputs = overData(() => inputNorms)

export const gradients = overData(() => gradientsOf('mean derivative of the loss by every weight', {
  read: ({ results }, { name }) => ({ gradients: results.lossGradients.get(name)!.mean }),
}))

export const squaredGradients = overData(() => gradientsOf('mean square of the derivatives of single examples\' losses by every weight', {
  request: { perExample: true },
  read: ({ results }, { name }) => ({ squaredGradients: results.lossGradients.get(name)!.meanSquare }),
}))

export const unitProducts = overData((_, { layouts }) => gradientsOf('mean square over batches of what the loss would change by without a unit, to first order', {
  request: { units: layouts },
  read: ({ results }, { name }) => ({ unitProducts: results.lossGradients.get(name)!.unitMeanSquare }),
}))
