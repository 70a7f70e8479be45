/** Channels of a pruned model that died whole: nothing reads them, or they are numbers that their readers can take up. */
import type { Labels } from './channels.ts'
import { foldDead, type ChangedWeights } from './dead/fold.ts'
import { followConstants, type Followed, type GivenModel, type Read } from './dead/follow.ts'
import { staysOf, type Stay } from './dead/stays.ts'
import { placeAt, someNonzeroAt, stridesOf } from './dead/weights.ts'
import type { Structure } from './couple.ts'

export type { GivenModel } from './dead/follow.ts'
export type { Stay } from './dead/stays.ts'

export interface DeadChannels {
  /** Roots of the channels to take out. */
  readonly gone: ReadonlySet<number>
  /** What changes in weights besides: with these the model computes the same, with `gone` or without. */
  readonly changed: ChangedWeights
  /** Channels that are one number where they are made, for every input, and which stay, with the reason. */
  readonly stays: readonly Stay[]
}

/**
 * A channel is dead when at every place where weights read it (a) all weights that lead to channels that stay are zero, or (b) it is one number for every input, which is 0 or
 * can go into the reader's bias exactly. All that fulfil this together are found: a channel whose readers are dead is dead. Of every axis one channel stays, cut off. Channels that a
 * layer normalises with others stay. Source: the exact elimination of dead units, with constants folded into the next bias; the places of a channel are those of `coupleChannels`.
 */
export function findDead (model: GivenModel): DeadChannels {
  const { structure } = model
  const followed = followConstants(model)
  const dead = deadRoots(model, followed)
  const { sets } = structure
  const changed = foldDead(model, followed.reads, (label) => dead.has(sets.rootOf(label)))
  const gone = new Set(dead)
  for (const axis of axesOf(structure)) {
    const roots = new Set(Array.from(axis, (label) => sets.rootOf(label)))
    if ([...roots].every((root) => gone.has(root))) gone.delete(Math.min(...roots))
  }
  return { gone, changed, stays: staysOf(model, followed, { dead, gone }) }
}

/** The largest set of channels of which each is read by others of the set alone, or as a number that can be taken up. */
function deadRoots (model: GivenModel, { reads, pinned }: Followed): Set<number> {
  const { sets } = model.structure
  const readsOf = new Map<number, Array<{ readonly read: Read, readonly place: number }>>()
  for (const read of reads) {
    for (const [place, label] of read.labels.entries()) {
      const root = sets.rootOf(label)
      const own = readsOf.get(root)
      if (own === undefined) readsOf.set(root, [{ read, place }])
      else own.push({ read, place })
    }
  }
  const roots = new Set(Array.from({ length: sets.size }, (_, label) => sets.rootOf(label)))
  // Those made last first: who reads is made behind what it reads.
  const candidates = [...roots].filter((root) => sets.frozenBecause(root) === undefined && sets.notesOf(root).length === 0 && !pinned.has(root)).sort((a, b) => b - a)
  const dead = new Set(candidates)
  const isDead = (label: number): boolean => dead.has(sets.rootOf(label))
  const isLive = liveness(model)
  for (let changed = true; changed;) {
    changed = false
    for (const root of dead) {
      if ((readsOf.get(root) ?? []).every(({ read, place }) => takesUp(read, place) || !isLive(read, place, isDead))) continue
      dead.delete(root)
      changed = true
    }
  }
  return dead
}

function takesUp ({ constants, foldable }: Read, place: number): boolean {
  const constant = constants[place]!
  return constant === 0 || (!Number.isNaN(constant) && typeof foldable !== 'string')
}

/** Does a nonzero weight lead from a place to a channel that is not dead? */
function liveness ({ structure: { places }, weight }: GivenModel): (read: Read, place: number, isDead: (label: number) => boolean) => boolean {
  const others = new Map<Read, Array<{ readonly axis: number, readonly labels: Labels }>>()
  return (read, place, isDead) => {
    const { layer, role, axis } = read
    const { shape, values } = weight(layer, role)!
    const strides = stridesOf(shape)
    const led = others.get(read) ?? places.filter((one) => one.layer === layer && one.role === role && one.axis !== axis)
    others.set(read, led)
    return someNonzeroAt({ shape, values }, axis, place, (index) => !led.some((one) => isDead(one.labels[placeAt(shape, strides, one.axis, index)]!)))
  }
}

/** Every axis along which something must be left: of values, of what layers make within, of weights. */
function axesOf ({ values, makers, places }: Structure): Set<Labels> {
  return new Set([...values.flat(2).filter((labels) => labels !== null), ...makers.map(({ labels }) => labels), ...places.map(({ labels }) => labels)])
}
