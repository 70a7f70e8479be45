/** What this server can do, as tables for /v1/catalog, out of the tables that do it. */
import { CRITERIA } from '../pruning/criteria/index.ts'
import { SCOPES } from '../pruning/allocation/index.ts'
import { METHOD_RULES } from '../pruning/method-rules.ts'
import { RecipeInput } from '../pruning/recipe.ts'
import { DATASET_FORMATS } from '../datasets/index.ts'
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

export const CATALOGUE: Catalogue = {
  methods: entriesOf(METHOD_RULES, ({ target, keys }) => ({ target, parameters: parametersOf(keys) })),
  criteria: entriesOf(CRITERIA, ({ formula, source }) => ({ formula, source })),
  scopes: entriesOf(SCOPES, ({ isGlobal }) => ({ isGlobal })),
  granularities: [{ name: 'weight', description: 'single weights' }],
  modelFormats: entriesOf(MODEL_FORMATS),
  datasetFormats: entriesOf(DATASET_FORMATS),
}
