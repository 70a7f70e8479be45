/** The table of methods: one line each. */
import type { MethodName } from '../pruning/method-rules.ts'
import { structuredIterative } from './dynamic/structured-iterative.ts'
import { fineTune } from './dynamic/fine-tune.ts'
import { TECHNIQUES } from './dynamic/index.ts'
import { pruningMethod } from './dynamic/run-pruning.ts'
import type { Method } from './method.ts'
import { chain } from './static/chain.ts'
import { evaluate } from './static/evaluate.ts'
import { magnitude } from './static/magnitude.ts'
import { oneShot } from './static/one-shot.ts'
import { sparsegpt } from './static/sparsegpt.ts'
import { structured } from './static/structured.ts'
import { threshold } from './static/threshold.ts'

const pruning = Object.fromEntries(Object.entries(TECHNIQUES).map(([name, technique]) => {
  const key = name as keyof typeof TECHNIQUES
  return [key, pruningMethod(key, technique)]
})) as { readonly [Name in keyof typeof TECHNIQUES]: ReturnType<typeof pruningMethod<Name>> }

export const METHODS = { magnitude, 'one-shot': oneShot, sparsegpt, structured, threshold, ...pruning, 'structured-iterative': structuredIterative, 'fine-tune': fineTune, chain, evaluate } as const satisfies Record<MethodName, Method>
