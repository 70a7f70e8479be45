/** Channels under operations that put values in another place. */
import type { Axes, Axis, Moved, NewShape, PadConfig, RepeatConfig, Repeats } from '../../../../models/layers/operations/arranging.ts'
import { movedOrder, permutation } from '../../../../models/layers/operations/arranging.ts'
import { frontAxis } from '../../../../models/layers/shapes.ts'
import { concatLabels, joinBroadcast, repeatEach, reshapeLabels, tileLabels } from '../../axis-labels.ts'
import type { AxisLabels } from '../../channels.ts'
import { withSettings } from '../../rule.ts'
import type { OperationRule } from './rule.ts'

export const reshape: OperationRule<NewShape> = {
  couple: ({ operands: [x], outputShapes: [shape], sets }) => [reshapeLabels(sets, x!, shape!)],
  resize: (entry, { outputs: [output] }, { shape }) => withSettings(entry, { newshape: shape.map((size, axis) => size === null ? -1 : output![axis]) }),
}

export const transpose: OperationRule<Axes> = { couple: ({ settings: { axes }, operands: [x] }) => [permutation(axes, x!.labels.length).map((axis) => x!.labels[axis]!)] }

export const moveAxis: OperationRule<Moved> = { couple: ({ settings, operands: [x] }) => [movedOrder(settings, x!.labels.length).map((axis) => x!.labels[axis]!)] }

export const expandDims: OperationRule<Axes> = {
  couple ({ settings: { axes }, operands: [x], outputShapes: [shape] }) {
    const added = new Set(axes!.map((axis) => frontAxis(axis, shape!.length)))
    const rest = [...x!.labels]
    return [shape!.map((_, axis) => added.has(axis) ? null : rest.shift()!)]
  },
}

export const squeeze: OperationRule<Axes> = {
  couple ({ settings: { axes }, operands: [x], sets }) {
    const gone = axes?.map((axis) => frontAxis(axis, x!.labels.length)) ?? [...x!.shape.keys()].filter((axis) => x!.shape[axis] === 1)
    for (const axis of gone) sets.freeze(x!.labels[axis]!, 'its axis is taken away')
    return [x!.labels.filter((_, axis) => !gone.includes(axis))]
  },
}

export const concatenate: OperationRule<Axis> = {
  couple: ({ settings: { axis }, operands, sets, frozen }) => [concatLabels(sets, operands, frontAxis(axis, operands[0]!.shape.length), (count) => frozen(count, 'it stands beside channels and stays as it is'))],
}

export const stack: OperationRule<Axis> = {
  couple ({ settings: { axis }, operands, outputShapes: [shape], sets }) {
    const at = frontAxis(axis, shape!.length)
    const joined = joinBroadcast(sets, operands, operands[0]!.shape)
    return [[...joined.slice(0, at), null, ...joined.slice(at)]]
  },
}

export const flip: OperationRule<Axes> = {
  couple ({ settings: { axes }, operands: [x] }) {
    const turned = new Set(axes?.map((axis) => frontAxis(axis, x!.labels.length)) ?? x!.labels.keys())
    return [x!.labels.map((labels, axis) => labels !== null && turned.has(axis) ? labels.slice().reverse() : labels)]
  },
}

export const tile: OperationRule<Repeats> = {
  couple ({ settings: { repeats }, operands: [x], outputShapes: [shape] }) {
    const at = (axis: number): number => repeats[axis - (shape!.length - repeats.length)] ?? 1
    return [shape!.map((_, axis): AxisLabels => tileLabels(x!.labels[axis - (shape!.length - x!.labels.length)] ?? null, at(axis)))]
  },
}

export const repeat: OperationRule<RepeatConfig> = {
  couple ({ settings: { axis, count }, operands: [x] }) {
    const at = frontAxis(axis, x!.labels.length)
    return [x!.labels.map((labels, other) => other === at ? repeatEach(labels, count) : labels)]
  },
}

/** What it adds stays. */
export const pad: OperationRule<PadConfig> = {
  couple ({ settings: { pairs }, operands: [x], frozen }) {
    const added = (count: number) => frozen(count, 'it is padding')
    return [x!.labels.map((labels, axis): AxisLabels => {
      const [before, after] = pairs[axis]!
      return labels === null || before + after === 0 ? labels : Int32Array.from([...added(before), ...labels, ...added(after)])
    })]
  },
}
