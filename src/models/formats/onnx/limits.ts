/** What is read of an ONNX file at most: every number in it was written by whoever made the file. */

export const ONNX_LIMITS = {
  /** Published language models have some ten thousand; each costs an object in memory. */
  nodes: 262_144,
  initializers: 262_144,
  /** Inputs and outputs of one node; Concat and Einsum have hundreds at most. */
  nodeValues: 65_536,
  /** Names are paths of modules. */
  nameBytes: 4096,
  rank: 64,
  /** A tensor's numbers lie in one piece, or one field each; only a hostile file scatters them over many. */
  pieces: 4096,
  /** Entries of a tensor's external_data: location, offset, length, checksum, and a few of other tools. */
  externalEntries: 64,
  opsets: 1024,
} as const
