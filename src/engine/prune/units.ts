/** What is pruned together, inside the graph: scores of units from scores of elements, and masks of elements from masks of units. */
import * as tf from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { gatherRows, segmentSum } from '../ops/gather.ts'

/** How the elements of a tensor fall into units; without one every element is a unit of its own. */
export interface UnitLayout {
  readonly groups: number
  /** Row-major element -> unit. */
  readonly of: Int32Array
  /** Elements of each unit. */
  readonly sizes: Int32Array
  /** So many of each unit's elements go with it, the least ones; absent: all of them. */
  readonly removes?: number
}

/** The units of one tensor. All functions run within a step. */
export interface Units {
  readonly count: number
  /** How many elements become zero with each unit: one number when it is the same for all. */
  readonly removed: number | Int32Array
  /** float32 [count], from scores >= 0 in the tensor's shape: the mean over the elements that would go. */
  scores (elements: Tensor): Tensor
  /** float32 mask in the tensor's shape, from one of the units [count]; `elements` tells which of a unit's elements go. */
  spread (mask: Tensor, elements: Tensor): Tensor
}

export function unitsOf (shape: readonly number[], layout: UnitLayout | null): Units {
  const size = shape.reduce((product, one) => product * one, 1)
  if (layout === null) {
    return { count: size, removed: 1, scores: (elements) => tf.reshape(elements, [-1]), spread: (mask) => tf.reshape(mask, [...shape]) }
  }
  return layout.removes === undefined ? wholeUnits(shape, layout) : partialUnits(shape, layout, layout.removes)
}

function wholeUnits (shape: readonly number[], { groups, of, sizes }: UnitLayout): Units {
  return {
    count: groups,
    removed: sizes.every((size) => size === sizes[0]) ? sizes[0]! : sizes,
    scores: (elements) => tf.div(segmentSum(tf.reshape(elements, [-1]), tf.tensor1d(of, 'int32'), groups), tf.tensor1d(Float32Array.from(sizes))),
    spread: (mask) => tf.reshape(gatherRows(mask, tf.tensor1d(of, 'int32')), [...shape]),
  }
}

/** Units of m elements of which the least `removes` go. */
function partialUnits (shape: readonly number[], { groups, of }: UnitLayout, removes: number): Units {
  const width = of.length / groups
  const { order, places } = orderOf(of, groups)
  const inUnits = (elements: Tensor): Tensor => tf.reshape(gatherRows(tf.reshape(elements, [-1]), tf.tensor1d(order, 'int32')), [groups, width])
  return {
    count: groups,
    removed: removes,
    scores (elements) {
      const values = inUnits(elements)
      return tf.div(tf.sum(tf.mul(values, tf.sub(1, amongLargest(values, width - removes))), 1), removes)
    },
    spread (mask, elements) {
      const largest = amongLargest(inUnits(elements), width - removes)
      const kept = tf.maximum(tf.reshape(mask, [groups, 1]), largest)
      return tf.reshape(gatherRows(tf.reshape(kept, [-1]), tf.tensor1d(places, 'int32')), [...shape])
    },
  }
}

/** Elements sorted by unit, and where each element then stands. */
function orderOf (of: Int32Array, groups: number): { order: Int32Array, places: Int32Array } {
  const next = new Int32Array(groups + 1)
  for (const group of of) next[group + 1]!++
  for (let group = 0; group < groups; group++) next[group + 1]! += next[group]!
  const [order, places] = [new Int32Array(of.length), new Int32Array(of.length)]
  of.forEach((group, element) => {
    const place = next[group]!++
    order[place] = element
    places[element] = place
  })
  return { order, places }
}

/** float32 [rows, width]: 1 for the `count` largest of each row; of equal ones the last. */
function amongLargest (values: Tensor, count: number): Tensor {
  const [rows, width] = values.shape as [number, number]
  const one = tf.reshape(values, [rows, width, 1])
  const other = tf.reshape(values, [rows, 1, width])
  const later = tf.tensor2d(Float32Array.from({ length: width * width }, (_, at) => at % width > Math.floor(at / width) ? 1 : 0), [width, width])
  const beats = tf.add(tf.cast(tf.greater(other, one), 'float32'), tf.mul(tf.cast(tf.equal(other, one), 'float32'), later))
  return tf.cast(tf.less(tf.sum(beats, 2), count), 'float32')
}
