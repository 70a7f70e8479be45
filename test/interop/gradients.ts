/** Writes the outputs and gradients of every layer case for check_gradients.py to compare with real Keras'. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as tf from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { readCases, type LayerCase, type Stored } from '../fixtures/layers/cases.ts'
import { gradientsOf, openCase, sourcesOf } from '../support/layer-gradients.ts'

interface Values { readonly shape: readonly number[], readonly values: readonly number[] }

/** `gradient`: null for what has none (indices, moving statistics). */
interface Differentiated extends Values { readonly gradient: readonly number[] | null }

export async function writeGradients (folder: string): Promise<void> {
  const cases = readCases().map(apart).map((one) => {
    tf.engine().startScope()
    const result = differentiated(one)
    tf.engine().endScope()
    return result
  })
  await writeFile(join(folder, 'gradients.json'), JSON.stringify(cases))
}

/** The stored values have few digits: of equal ones, any may be the largest, which gradients tell. Inputs of whole numbers are indices or masks, and a 0 may be masked. */
function apart (one: LayerCase): LayerCase {
  const moved = (values: Float32Array) => values.every(Number.isInteger) ? values : values.map((value, index) => value === 0 ? 0 : value + 4e-3 * Math.sin(index + 1))
  return { ...one, inputs: one.inputs.map((input) => ({ ...input, values: moved(input.values) })) }
}

function differentiated (one: LayerCase) {
  const opened = openCase(one)
  const sources = sourcesOf(opened)
  const gradients = gradientsOf(opened, sources)
  const byLabel = new Map(sources.map(({ label }, index) => [label, gradients[index]!]))
  const withGradient = (stored: Stored, label: string): Differentiated => {
    const gradient = byLabel.get(label)
    return { shape: stored.shape, values: [...stored.values], gradient: gradient === undefined ? null : numbersOf(gradient).values }
  }
  const roles = new Map(opened.architecture.layers.map(({ path, weights }) => [path, weights!.map(({ role }) => role)]))
  return {
    name: one.name,
    config: one.config,
    inputs: one.inputs.map((input, index) => withGradient(input, opened.inputs[index]!.label)),
    layers: one.layers.map(({ path, weights }) => ({ path, weights: weights.map((weight, index) => withGradient(weight, `${path}/${roles.get(path)![index]!}`)) })),
    outputs: opened.outputs().map(numbersOf),
  }
}

function numbersOf (tensor: Tensor): Values {
  return { shape: tensor.shape, values: [...tensor.dataSync()] }
}
