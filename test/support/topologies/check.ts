/** Takes half of the channels of a small model and compares groups, sizes and outputs with what is expected. */
import assert from 'node:assert/strict'
import { editLayers } from '../../../src/models/architecture/edit-layers.ts'
import { readArchitecture } from '../../../src/models/architecture/index.ts'
import type { Json } from '../../../src/models/json.ts'
import { rankChannels, type RankedGroup } from '../../../src/pruning/structure/choose.ts'
import { coupleChannels, type Structure } from '../../../src/pruning/structure/couple.ts'
import { freeAxes, groupChannels, type ChannelGroup } from '../../../src/pruning/structure/groups.ts'
import { createCut, type Cut } from '../../../src/pruning/structure/shrink.ts'
import { drawer } from '../random-graph.ts'
import { assertSameOutputs, randomInputs, randomWeights, smaller } from '../structure.ts'

export interface Expected {
  /** Those that may lose channels, as `groupText` writes them. */
  readonly groups: readonly string[]
  /** Settings in the new configuration, by layer. */
  readonly sizes: Readonly<Record<string, Json>>
}

/** `makers number: layers`; of channels that take several places `number x places`. */
export function groupText ({ name, makers, layers, channels }: ChannelGroup): string {
  const [first] = channels
  return `${[name, ...makers.slice(1)].join(' + ')} ${channels.length}${first !== undefined && first.places > 1 ? ` x ${first.places}` : ''}: ${layers.join(' ')}`
}

/** Of every group the first half of its channels, as far as every axis keeps one. */
export function halfCut (structure: Structure): Cut {
  const ranked = groupChannels(structure).map((group): RankedGroup => ({ group, scores: [...group.channels.keys()] }))
  const choice = rankChannels(ranked, { scope: 'layer', minChannels: 1, roundTo: 1, axes: freeAxes(structure) })
  return createCut(structure, choice.goneAt(choice.competing / 2))
}

/** Gives the new configuration. */
export function checkTopology (config: Json, { groups, sizes }: Expected): Json {
  const architecture = readArchitecture(config)
  assert.equal(architecture.problem, undefined)
  const structure = coupleChannels(architecture)
  assert.deepEqual(groupChannels(structure).filter(({ channels }) => channels.length > 0).map(groupText), groups)
  const cut = halfCut(structure)
  const small = smaller(config, cut)
  for (const [path, wanted] of Object.entries(sizes)) {
    const settings = entryOf(small.config, path).config as Json
    assert.deepEqual(Object.fromEntries(Object.keys(wanted).map((key) => [key, settings[key]])), wanted, path)
  }
  const draw = drawer(groups.length)
  assertSameOutputs(small.architecture, cut, randomWeights(architecture, draw), randomInputs(architecture, draw))
  return small.config
}

export function entryOf (config: Json, wanted: string): Json {
  let found: Json | undefined
  editLayers(config, (path, entry) => {
    if (path === wanted) found = entry
    return entry
  })
  assert.ok(found !== undefined, `there is no layer ${wanted}`)
  return found
}
