/** The table of formats with rounded weights: files that are read here as models, of fewer bytes. One line each. */
import type { FormatName } from '../formats/index.ts'
import type { RoundedType } from '../formats/tfjs-rounded.ts'

export interface RoundedFormat<Name extends string = string> {
  readonly name: Name
  readonly description: string
  /** With the dot; unlike for every line. */
  readonly extension: string
  /** What reads the file. */
  readonly format: FormatName
  readonly weights: RoundedType
}

export const ROUNDED = {
  'tfjs-uint8': { name: 'tfjs-uint8', extension: '.uint8.zip', format: 'tfjs-layers', weights: 'uint8', description: 'TensorFlow.js layers model with weights of 8 bits' },
  'tfjs-uint16': { name: 'tfjs-uint16', extension: '.uint16.zip', format: 'tfjs-layers', weights: 'uint16', description: 'TensorFlow.js layers model with weights of 16 bits' },
  'tfjs-float16': { name: 'tfjs-float16', extension: '.float16.zip', format: 'tfjs-layers', weights: 'float16', description: 'TensorFlow.js layers model with weights of float16' },
} as const satisfies { readonly [Name in string]: RoundedFormat<Name> }

export type RoundedName = keyof typeof ROUNDED

export function isRounded (name: string): name is RoundedName {
  return Object.hasOwn(ROUNDED, name)
}
