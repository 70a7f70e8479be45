/** Regularisers and constraints of a layer's weights and outputs, which matter in training only. Source: keras.regularizers, keras.constraints. */
import { isRecord } from '../json.ts'
import { plainName, serialisedOf } from '../keras-object.ts'
import type { KerasConfig } from './layer-type.ts'
import { MAX_RANK } from './reader.ts'
import { weightSettingsOf } from './weight-settings.ts'

export type Regularizer =
  /** l1 sum |w| + l2 sum w^2. */
  | { readonly type: 'l1-l2', readonly l1: number, readonly l2: number }
  /** Of a matrix: factor times the mean |cosine| of two different rows or columns. */
  | { readonly type: 'orthogonal', readonly factor: number, readonly mode: 'rows' | 'columns' }

export type Constraint =
  | { readonly type: 'max-norm', readonly max: number, readonly axes: readonly number[] }
  | { readonly type: 'min-max-norm', readonly min: number, readonly max: number, readonly rate: number, readonly axes: readonly number[] }
  | { readonly type: 'unit-norm', readonly axes: readonly number[] }
  | { readonly type: 'non-negative' }

/** What holds for one weight. `problem`: why the layer cannot be trained here; it can still be run. */
export interface WeightRule {
  readonly regularizer?: Regularizer
  readonly constraint?: Constraint
  readonly problem?: string
}

/** By role; roles without a rule are left out. */
export type WeightRules = Readonly<Record<string, WeightRule>>

const REGULARIZERS: Readonly<Record<string, (c: KerasConfig) => Regularizer | undefined>> = {
  l1: (c) => l1l2(c.l1 ?? 0.01, 0),
  l2: (c) => l1l2(0, c.l2 ?? 0.01),
  l1l2: (c) => l1l2(c.l1 ?? 0, c.l2 ?? 0),
  orthogonalregularizer ({ factor = 0.01, mode = 'rows' }) {
    return isSize(factor) && (mode === 'rows' || mode === 'columns') ? { type: 'orthogonal', factor, mode } : undefined
  },
}

const CONSTRAINTS: Readonly<Record<string, (c: KerasConfig) => Constraint | undefined>> = {
  maxnorm (c) {
    const [max, axes] = [c.max_value ?? 2, axesOf(c)]
    return isSize(max) && axes !== undefined ? { type: 'max-norm', max, axes } : undefined
  },
  minmaxnorm (c) {
    const [min, max, rate, axes] = [c.min_value ?? 0, c.max_value ?? 1, c.rate ?? 1, axesOf(c)]
    return isSize(min) && isSize(max) && isSize(rate) && axes !== undefined ? { type: 'min-max-norm', min, max, rate, axes } : undefined
  },
  unitnorm (c) {
    const axes = axesOf(c)
    return axes === undefined ? undefined : { type: 'unit-norm', axes }
  },
  nonneg: () => ({ type: 'non-negative' }),
}

/** Layers made of projections that share their settings. */
export const WITH_PROJECTIONS: ReadonlySet<string> = new Set(['MultiHeadAttention', 'GroupedQueryAttention', 'GroupQueryAttention'])

/** The rules of a layer's weights from its settings, of Keras 2, Keras 3 or TF.js; those of layers and cells within another are their own. Never throws. */
export function weightRulesOf (className: string, config: KerasConfig, roles: readonly string[]): WeightRules {
  const rules = roles.map((role): [string, WeightRule] => {
    const { begins, config: settings } = weightSettingsOf({ className, config }, role)
    return [role, begins === undefined ? {} : ruleOf(settings, `${begins}_regularizer`, `${begins}_constraint`)]
  })
  return Object.fromEntries(rules.filter(([, rule]) => Object.keys(rule).length > 0))
}

/** The rule of a layer's outputs, whose regulariser's value is divided by the batch size; undefined when there is none. Never throws. */
export function activityRuleOf (className: string, config: KerasConfig): WeightRule | undefined {
  if (className === 'ActivityRegularization') return { regularizer: l1l2(config.l1 ?? 0, config.l2 ?? 0) ?? { type: 'l1-l2', l1: 0, l2: 0 } }
  const inner = innermost(config)
  if (inner !== config && !isNone(inner.activity_regularizer)) return { problem: 'an activity_regularizer within a wrapper is not trained here' }
  // Keras gives it to each of their projections too.
  if (WITH_PROJECTIONS.has(className) && !isNone(config.activity_regularizer)) return { problem: `an activity_regularizer of ${className} is not trained here` }
  const rule = ruleOf(config, 'activity_regularizer')
  return Object.keys(rule).length > 0 ? rule : undefined
}

function ruleOf (config: KerasConfig, regularizerKey: string, constraintKey?: string): WeightRule {
  const regularizer = parsed(config[regularizerKey], REGULARIZERS, regularizerKey)
  const constraint = constraintKey === undefined ? {} : parsed(config[constraintKey], CONSTRAINTS, constraintKey)
  const problem = regularizer.problem ?? constraint.problem
  return {
    ...(regularizer.value !== undefined && { regularizer: regularizer.value }),
    ...(constraint.value !== undefined && { constraint: constraint.value }),
    ...(problem !== undefined && { problem }),
  }
}

function parsed<T> (value: unknown, table: Readonly<Record<string, (c: KerasConfig) => T | undefined>>, key: string): { value?: T, problem?: string } {
  if (isNone(value)) return {}
  const serialised = serialisedOf(value)
  if (serialised === undefined) return { problem: `the ${key} cannot be read` }
  const name = plainName(serialised.name)
  if (!Object.hasOwn(table, name)) return { problem: `the ${key} ${serialised.name.slice(0, 60)} is not known here` }
  const read = table[name]!(serialised.config)
  return read === undefined ? { problem: `the ${key} ${serialised.name} has settings that it cannot have` } : { value: read }
}

function innermost (config: KerasConfig): KerasConfig {
  const { layer } = config
  return isRecord(layer) && isRecord(layer.config) ? innermost(layer.config) : config
}

function l1l2 (l1: unknown, l2: unknown): Regularizer | undefined {
  return isSize(l1) && isSize(l2) ? { type: 'l1-l2', l1, l2 } : undefined
}

function axesOf ({ axis = 0 }: KerasConfig): readonly number[] | undefined {
  const axes: unknown[] = Array.isArray(axis) ? axis : [axis]
  return axes.length <= MAX_RANK && axes.every((one): one is number => Number.isInteger(one)) ? axes : undefined
}

function isSize (value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0
}

function isNone (value: unknown): boolean {
  return value === undefined || value === null
}
