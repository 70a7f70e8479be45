/** The stage `prune`: a method of pruning, as a recipe has it, within a chain. */
import { Type, type Static } from 'typebox'
import { completeParts } from '../complete.ts'
import { calibratesFor } from '../data-needs.ts'
import { problemsOfMethod } from '../method-problems.ts'
import { METHOD_RULES, PRUNING_METHODS, type MethodName, type MethodRules } from '../method-rules.ts'
import type { Recipe } from '../recipe.ts'
import { RECIPE_PARTS } from '../recipe-parts.ts'
import { searchOf } from '../targets.ts'
import type { StageRules } from './stage.ts'

/** What belongs to the chain as a whole. */
const { evaluation: _evaluation, inputs: _inputs, output: _output, compress: _compress, optimizerState: _state, shrink: _shrink, seed: _seed, method: _method, ...own } = RECIPE_PARTS

const settings = Type.Object({
  method: Type.Enum([...PRUNING_METHODS], { description: 'the procedure', type: 'string' }),
  ...own,
}, { additionalProperties: false })

export type PruneSettings = Pick<Recipe, 'method' | keyof typeof own & keyof Recipe>

const KEYS = ['method', ...Object.keys(own)] as const

/** Methods that change the weights that stay. */
const CHANGING: readonly MethodName[] = ['sparsegpt']

export const prune = {
  description: 'zeroes weights or takes channels out by one of the methods, along with the settings that it has in a recipe',
  settings,
  complete (given: Static<typeof settings>): PruneSettings {
    const complete = completeParts(given)
    return Object.fromEntries(KEYS.flatMap((key) => Object.hasOwn(complete, key) ? [[key, complete[key as keyof typeof complete]]] : [])) as unknown as PruneSettings
  },
  problems (given, path) {
    const method = given.method as MethodName
    return problemsOfMethod(METHOD_RULES[method], method, given, []).map((problem) => ({ ...problem, path: `${path}${problem.path}` }))
  },
  needs (recipe) {
    const { trains }: MethodRules = METHOD_RULES[recipe.method]
    const why = calibratesFor(recipe) ?? (searchOf(recipe.target) === 'accuracy' ? 'a target of accuracy is searched over data' : undefined)
    return { ...(trains && { trains: `the method ${recipe.method} trains` }), ...(why !== undefined && { calibrates: why }) }
  },
  breaks: ({ method, batchNorm }) => METHOD_RULES[method].trains || CHANGING.includes(method) || batchNorm === 'recalibrate' ? ['grid', 'clusters'] : [],
  record: Type.Object({
    method: Type.String(),
    threshold: Type.Union([Type.Number(), Type.Null()], { description: 'the largest magnitude that was zeroed by a global ranking' }),
  }),
} as const satisfies StageRules<PruneSettings>
