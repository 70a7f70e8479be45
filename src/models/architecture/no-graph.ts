/** Why a model has no layer graph, for messages of what goes along one. */
import type { Architecture } from './types.ts'

export function whyNoGraph ({ problem, signature }: Pick<Architecture, 'problem' | 'signature'>): string {
  return problem ?? (signature === undefined ? 'the file has none' : 'the model is a graph of operations, which is run as a whole')
}
