/** What this server can do, as tables for /v1/catalog, out of the tables that do it. */
import { CRITERIA, needsData, type Criterion } from '../pruning/criteria/index.ts'
import { PLAIN_SCOPES, SCOPES, type Scope } from '../pruning/allocation/index.ts'
import { GRANULARITIES } from '../pruning/granularity/index.ts'
import { PICKS } from '../jobs/sweeps/picks/index.ts'
import { METHOD_OPTIONS, OPTION_DEFAULTS, type MethodWithOptions } from '../pruning/method-options.ts'
import { METHOD_RULES, type MethodRules } from '../pruning/method-rules.ts'
import { RecipeInput } from '../pruning/recipe.ts'
import { SCHEDULES } from '../pruning/schedules/index.ts'
import { STAGES } from '../pruning/stages/index.ts'
import { TARGETS, type TargetKind } from '../pruning/targets.ts'
import { DATASET_FORMATS } from '../datasets/index.ts'
import { EXPORTS } from '../models/exports/index.ts'
import { ROUNDED } from '../models/exports/rounded.ts'
import { MODEL_FORMATS } from '../models/formats/index.ts'
import type { Catalogue, CatalogueEntry } from './dependencies.ts'

interface Described { readonly description: string }

/** A table's lines as entries; `details` picks what is told besides the description. */
function entriesOf<T extends Described> (table: Readonly<Record<string, T>>, details: (line: T) => object = () => ({})): CatalogueEntry[] {
  return Object.entries(table).map(([name, line]) => ({ name, description: line.description, ...details(line) }))
}

/** The parts of a recipe, each with its JSON schema. */
function parametersOf (keys: readonly string[]): Record<string, unknown> {
  const properties: Readonly<Record<string, unknown>> = RecipeInput.properties
  return Object.fromEntries(keys.filter((key) => key !== 'method').map((key) => [key, properties[key]]))
}

/** The options of a method, with its own schema in place of the general one. */
function optionsOf (method: string): Record<string, unknown> {
  if (!Object.hasOwn(METHOD_OPTIONS, method)) return {}
  const name = method as MethodWithOptions
  return { options: { ...METHOD_OPTIONS[name], default: OPTION_DEFAULTS[name] } }
}

type GranularityLine = Described & { readonly input: unknown }
type PickLine = Described & { readonly schema: unknown }

export const CATALOGUE: Catalogue = {
  methods: Object.entries<MethodRules>(METHOD_RULES).map(([name, { description, targets, keys, granularities = ['weight'], trains, reshapes = false, criteria, scopes }]) => ({
    name, description, targets, trains, reshapes, granularities, ...(criteria && { criteria }), ...(keys.includes('scope') && { scopes: scopes ?? PLAIN_SCOPES }), parameters: { ...parametersOf(keys), ...optionsOf(name) },
  })),
  stages: entriesOf<Described & { readonly settings: unknown }>(STAGES, ({ settings }) => ({ settings })),
  targets: entriesOf<TargetKind>(TARGETS, ({ schema, search }) => ({ schema, ...(search && { search }) })),
  criteria: entriesOf<Criterion>(CRITERIA, (criterion) => ({ formula: criterion.formula, source: criterion.source, needsData: needsData(criterion), ...(criterion.granularities && { granularities: criterion.granularities }), ...(criterion.scope && { scope: criterion.scope }) })),
  scopes: entriesOf<Scope>(SCOPES, ({ isGlobal, byOutput, scans }) => ({ isGlobal, needsData: scans === true, ...(byOutput === true && { granularities: ['weight'] }) })),
  granularities: entriesOf<GranularityLine>(GRANULARITIES, ({ input }) => ({ settings: input })),
  schedules: entriesOf(SCHEDULES, ({ formula, source }) => ({ formula, source })),
  picks: entriesOf<PickLine>(PICKS, ({ schema }) => ({ schema })),
  modelFormats: entriesOf(MODEL_FORMATS),
  exports: [...entriesOf(ROUNDED), ...entriesOf(EXPORTS)],
  datasetFormats: entriesOf(DATASET_FORMATS),
}
