/** Objects within the settings of layers (regularisers, constraints, initialisers) as Keras 2, Keras 3 and TF.js serialise them. */
import { isRecord, type Json } from './json.ts'

/** Modules whose classes are Keras' own. */
export const KERAS_MODULE = /^(keras|tf_keras|tensorflow\.(python\.)?keras|builtins)(\.|$)/

/** Its class, or the name that tells it from Keras' own when it is somebody else's. */
export interface Serialised { readonly name: string, readonly config: Json }

/** A name, or an object with a class and its settings. Undefined for anything else. */
export function serialisedOf (value: unknown): Serialised | undefined {
  if (typeof value === 'string') return { name: value, config: {} }
  if (!isRecord(value) || typeof value.class_name !== 'string') return undefined
  const { class_name: className, registered_name: registered, module, config } = value
  // A class of the user's own is registered under a package, or told by its module.
  const registeredAs = typeof registered === 'string' && registered !== className ? registered : undefined
  const fromModule = typeof module === 'string' && !KERAS_MODULE.test(module) ? `${module}.${className}` : undefined
  return { name: registeredAs ?? fromModule ?? className, config: isRecord(config) ? config : {} }
}

/** Names without what Keras 2, Keras 3 and TF.js write differently: `RandomUniform`, `random_uniform`, `randomUniform`. */
export function plainName (name: string): string {
  return name.replace(/_/g, '').toLowerCase()
}
