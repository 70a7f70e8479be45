/** Channels as a union of sets: what is joined goes together, what is frozen stays. */

/** Channel of each place along an axis. */
export type Labels = Int32Array

/** Null: no place of the axis can be taken out. */
export type AxisLabels = Labels | null

/** Of every axis of a value, the batch included. */
export type ValueLabels = readonly AxisLabels[]

/** Disjoint sets of channels. A set is named by one of its members, its root, which may change when sets are joined. */
export class ChannelSets {
  readonly #parents: number[] = []
  readonly #makers: number[] = []
  readonly #frozen = new Map<number, string>()
  readonly #notes = new Map<number, Set<string>>()

  /** So many channels of their own; `maker`: who makes them. */
  fresh (count: number, maker: number): Labels {
    const labels = new Int32Array(count)
    for (let index = 0; index < count; index++) {
      labels[index] = this.#parents.push(this.#parents.length) - 1
      this.#makers.push(maker)
    }
    return labels
  }

  get size (): number {
    return this.#parents.length
  }

  makerOf (label: number): number {
    return this.#makers[label]!
  }

  rootOf (label: number): number {
    const parents = this.#parents
    let root = label
    while (parents[root] !== root) root = parents[root]!
    for (let at = label; parents[at] !== root;) {
      const next = parents[at]!
      parents[at] = root
      at = next
    }
    return root
  }

  join (a: number, b: number): void {
    const [one, other] = [this.rootOf(a), this.rootOf(b)]
    if (one === other) return
    // The older stays the root, so that names do not depend on the order of joins within a model.
    const [root, child] = one < other ? [one, other] : [other, one]
    this.#parents[child] = root
    const frozen = this.#frozen.get(child)
    if (frozen !== undefined && !this.#frozen.has(root)) this.#frozen.set(root, frozen)
    const notes = this.#notes.get(child)
    if (notes !== undefined) this.#notes.set(root, new Set([...this.#notes.get(root) ?? [], ...notes]))
  }

  /** The first reason is kept, unless this one is `stronger`. */
  freeze (labels: AxisLabels, reason: string, stronger = false): void {
    for (const label of labels ?? []) {
      const root = this.rootOf(label)
      if (stronger || !this.#frozen.has(root)) this.#frozen.set(root, reason)
    }
  }

  /** Why the channel stays; undefined when it may go. */
  frozenBecause (label: number): string | undefined {
    return this.#frozen.get(this.rootOf(label))
  }

  /** Something to be said where the channel goes. */
  note (labels: AxisLabels, text: string): void {
    for (const label of labels ?? []) {
      const root = this.rootOf(label)
      this.#notes.set(root, (this.#notes.get(root) ?? new Set()).add(text))
    }
  }

  notesOf (label: number): readonly string[] {
    return [...this.#notes.get(this.rootOf(label)) ?? []]
  }
}
