/** Channels that are taken out of every layer type, with each of its options: behind the layer, and in front of it along every axis. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { readArchitecture } from '../../src/models/architecture/index.ts'
import type { ArchitectureLayer } from '../../src/models/architecture/types.ts'
import type { Json } from '../../src/models/json.ts'
import { LAYER_TYPES } from '../../src/models/layers/index.ts'
import { OPERATIONS, type OperationConfig } from '../../src/models/layers/operations/index.ts'
import { rankChannels } from '../../src/pruning/structure/choose.ts'
import { followChannels } from '../../src/pruning/structure/couple.ts'
import { freeAxes, groupChannels, type ChannelGroup } from '../../src/pruning/structure/groups.ts'
import { createCut } from '../../src/pruning/structure/shrink.ts'
import { readCases, type LayerCase } from '../fixtures/layers/cases.ts'
import { axesOf, frontedCase } from '../support/fronted-case.ts'
import { drawer, type Draw } from '../support/random-graph.ts'
import { assertSameOutputs, run, shrunk, smaller, type Numbers, type Weights } from '../support/structure.ts'

const cases = readCases()

function weightsOf ({ layers }: LayerCase, config: Json): Map<string, Numbers> {
  const byPath = new Map(layers.map(({ path, weights }) => [path, weights]))
  return new Map(readArchitecture(config).layers.flatMap(({ path, weights: specs }) => byPath.has(path) ? specs!.map(({ role }, index) => [`${path}/${role}`, byPath.get(path)![index]!] as const) : []))
}

/** The type, or the operation. */
function nameOf ({ type, config }: ArchitectureLayer): string {
  return type === 'Operation' ? `ops.${(config as OperationConfig).operation}` : type!
}

/** Takes about half of each group's channels; gives how many went, and from which layers of the case. */
function check (config: Json, weights: Weights, inputs: readonly Numbers[], draw: Draw): { gone: number, types: string[] } {
  const architecture = readArchitecture(config)
  assert.equal(architecture.problem, undefined)
  const structure = followChannels(architecture)
  const groups = groupChannels(structure)
  const halfOf = (chosen: readonly ChannelGroup[]): Set<number> => {
    const choice = rankChannels(chosen.map((group) => ({ group, scores: group.channels.map(() => draw()) })), { scope: 'layer', minChannels: 1, roundTo: 1, axes: freeAxes(structure) })
    return choice.goneAt(choice.competing / 2)
  }
  const same = halfOf(groups.filter(({ notes }) => notes.length === 0))
  const cut = createCut(structure, same)
  if (same.size > 0) assertSameOutputs(smaller(config, cut).architecture, cut, weights, inputs)
  // What is normalised over its channels becomes something else, of the right shape.
  const noted = halfOf(groups.filter(({ notes }) => notes.length > 0))
  const other = createCut(structure, noted)
  if (noted.size > 0) {
    const small = smaller(config, other).architecture
    assert.ok(run(small, shrunk(weights, other), inputs).every(({ values }) => values.length > 0))
  }
  const { values } = structure
  const touched = architecture.graph!.nodes.filter(({ inputs: refs }, index) => [...refs.map((ref) => values[ref.node]![ref.output]!), ...values[index]!].flat()
    .some((labels) => labels !== null && (cut.shortens(labels) || other.shortens(labels))))
  return { gone: same.size + noted.size, types: touched.map(({ layer }) => nameOf(architecture.layers[layer]!)) }
}

/** Layer types that lost channels, and cases in which some went. */
const losing = { types: new Set<string>(), behind: 0, inFront: 0 }

function checkAndCount (...given: Parameters<typeof check>): number {
  const { gone, types } = check(...given)
  for (const type of types) losing.types.add(type)
  return gone
}

describe('behind the layer', () => {
  for (const [index, one] of cases.entries()) {
    test(one.name, () => { if (checkAndCount(one.config, weightsOf(one, one.config), one.inputs, drawer(index)) > 0) losing.behind++ })
  }
})

/** Which inputs are given channels along which axis: all that have it, and the first alone beside others that stay. */
function fronts (one: LayerCase): Array<ReadonlyMap<number, number>> {
  const axes = one.inputs.map((_, input) => axesOf(one, input))
  return axes[0]!.flatMap((axis) => {
    const all = new Map(axes.flatMap((own, input) => own.includes(axis) ? [[input, axis] as const] : []))
    return [all, ...all.size > 1 ? [new Map([[0, axis]])] : []]
  })
}

describe('in front of the layer', () => {
  for (const [index, one] of cases.entries()) {
    test(one.name, () => {
      let gone = 0
      for (const axes of fronts(one)) {
        const { config, weights } = frontedCase(one, axes)
        try {
          gone += checkAndCount(config, new Map([...weightsOf(one, config), ...weights]), one.inputs, drawer(index))
        } catch (error) {
          throw new Error(`with channels along [input, axis] ${[...axes].join(' and ')}`, { cause: error })
        }
      }
      if (gone > 0) losing.inFront++
    })
  }
})

test('most cases lose channels, and every type and operation in some but those through which none can be followed', () => {
  const all = [...Object.keys(LAYER_TYPES).filter((type) => type !== 'Operation'), ...Object.keys(OPERATIONS).map((name) => `ops.${name}`)]
  assert.deepEqual(all.filter((type) => !losing.types.has(type)), ['InputLayer', 'Dot', 'Masking', 'ops.Any', 'ops.All', 'ops.Ravel', 'ops.BroadcastTo'])
  assert.ok(losing.behind >= 270 && losing.inFront >= 570, `${losing.behind} behind the layer, ${losing.inFront} in front of it`)
})
