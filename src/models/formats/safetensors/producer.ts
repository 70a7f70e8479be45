/** What a safetensors file says of who wrote it. */

/** Longer texts are no name of a framework. */
const MAX_LENGTH = 64

/** `format` of the metadata, which savers set to the framework the tensors are for: `pt`, `tf`, `flax`, `np`, `mlx`. */
export function producerOf (metadata: Readonly<Record<string, string>>): Record<string, string> {
  const framework = Object.hasOwn(metadata, 'format') ? metadata.format : undefined
  return framework !== undefined && framework.length <= MAX_LENGTH && !/[\p{Cc}\p{Cs}]/u.test(framework) ? { framework } : {}
}
