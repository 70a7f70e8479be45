/** What every model file becomes: an architecture, named tensors, and the file's own rest kept for writing it back. */
import type { ByteSource } from './bytes.ts'
import type { Architecture, ArchitectureLayer, WeightSpec } from './architecture/types.ts'
import type { StoredTensor } from './tensor.ts'
import type { FormatName } from './formats/index.ts'
import type { Spelling } from './formats/json-spelling.ts'

/** A weight of a layer, bound to where it lies in the file. */
export interface LayerWeight {
  /** `kernel`, `bias`, `gamma`, ...; for layers we do not know `vars/0`, `vars/1`, ... or the name in the file. */
  readonly role: string
  readonly tensor: StoredTensor
  /** What the axes mean and whether it may be pruned; absent for layers we do not know. */
  readonly spec?: WeightSpec
  /** May pruning zero this weight by default? When not, `reason` says why. Unknown layers: rank >= 2 may. */
  readonly prunable: boolean
  readonly reason?: string
}

/** A layer with its weights in the order Keras saves them. */
export interface ModelLayer {
  /** Unique path: the Keras name, or `outer/inner` in nested models. */
  readonly path: string
  readonly className: string
  readonly layer: ArchitectureLayer
  readonly weights: readonly LayerWeight[]
}

/** A model file, read. Tensors are read lazily from the source, which must stay open while the model is used. */
export interface ModelFile {
  readonly format: FormatName
  readonly source: ByteSource
  readonly architecture: Architecture
  readonly layers: readonly ModelLayer[]
  /** The Keras model config as parsed JSON: {class_name, config, ...}. */
  readonly config: Readonly<Record<string, unknown>>
  /** How its file spells the configuration; absent where there is no text of it. */
  readonly spelling?: () => Promise<Spelling>
  /** Who wrote it, as the file says: e.g. {kerasVersion: "3.15.1", backend: "tensorflow"}. */
  readonly producer: Readonly<Record<string, string>>
  readonly hasOptimizerState: boolean
  /** Set where the state of an optimizer cannot be left out, as the file's own graph refers to it. */
  readonly keepsOptimizerState?: true
  /**
   * Set where channels were taken out since the file was read: architecture, layers and `config` are the new ones, new tensors are held in memory, and
   * `source` and `rest` are still those of the file.
   */
  readonly remade?: true
  /** Set where layers came or went since the file was read: its own tree of weights has no place for them, and a new one is written. */
  readonly reformed?: true
  /** The file had the state of an optimizer, which does not fit the model that was remade from it. */
  readonly lostOptimizerState?: true
  /** Whatever the format needs to write the file back (parsed trees, offsets); only the format itself looks into it. */
  readonly rest: unknown
}

/** A change that is made while a tensor is read, for tensors that are too large to be held. */
export interface StreamedChange {
  /** Numbers of the tensor. */
  readonly length: number
  /** Makes the change in raw elements, in the tensor's own datatype, those from number `first` on. */
  apply (first: number, raw: Uint8Array): void
  /** For what is read back, to be compared with what was made without making it again; null unless it was made last from front to back. */
  check? (): MadeCheck | null
}

/** Is given the raw elements of a tensor from front to back. */
export interface MadeCheck {
  add (raw: Uint8Array): void
  /** Were they all that was made? Throws `verification-failed` when what was made was wrong itself. */
  isSame (): boolean
}

/** New values of a tensor: row-major float32, or how they are made. */
export type TensorChange = Float32Array | StreamedChange

/** New values by tensor key; tensors that are not named stay as they are, byte for byte. */
export type TensorChanges = ReadonlyMap<string, TensorChange>

/** Changes in memory, which a model can be run with. */
export type HeldChanges = ReadonlyMap<string, Float32Array>
