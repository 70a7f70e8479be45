/** Two tenants with one of everything, for the tests of isolation. A new kind of resource gets a line in MAKERS. */
import assert from 'node:assert/strict'
import { artifact, DATASET, MODEL, newSweep, RECEIPT, RECIPE, sha256Of, WEBHOOK } from '../contract/samples.ts'
import { FIRST_TENANT } from '../../src/jobs/tenants.ts'
import { recordOf } from '../support/weight-record.ts'
import type { Harness } from './http-harness.ts'

/** The tenant things are made for, and what was made for it before, by kind. */
interface Owner { readonly tenant: string, readonly made: Readonly<Record<string, string>> }

/** What stands in a path, made for a tenant; gives what stands there. Later ones may use the earlier ones. */
export const MAKERS: Readonly<Record<string, (harness: Harness, owner: Owner) => Promise<string>>> = {
  'models/{id}': async ({ catalog, blobs }, { tenant }) => {
    const { sha256, bytes } = await blobs.put(contentOf('model', tenant))
    return (await catalog.of(tenant).createModel({ name: WORDS.model(tenant), sha256, bytes }, MODEL)).id
  },
  'datasets/{id}': async ({ catalog, blobs }, { tenant }) => {
    const { sha256, bytes } = await blobs.put(contentOf('data', tenant))
    return (await catalog.of(tenant).createDataset({ name: WORDS.dataset(tenant), sha256, bytes }, DATASET)).id
  },
  'jobs/{id}': async ({ catalog, blobs }, { tenant, made }) => {
    const { id } = await catalog.of(tenant).createJob({ modelId: made['models/{id}']!, datasetId: made['datasets/{id}']!, evaluationDatasetId: null, recipe: RECIPE })
    const { sha256, bytes } = await blobs.put(contentOf('artifact', tenant))
    assert.equal((await catalog.begin(id, 1, 'w')).begun, true)
    const weights = await blobs.put(recordOf(tensorOf(tenant)))
    assert.equal(await catalog.succeed(id, 1, RECEIPT, [{ ...artifact(artifactOf(tenant)), sha256, bytes }], weights), true)
    return id
  },
  'weights/{tensor}': async (_harness, { tenant }) => tensorOf(tenant),
  'artifacts/{name}': async (_harness, { tenant }) => artifactOf(tenant),
  'keys/{id}': async ({ catalog }, { tenant }) => (await catalog.of(tenant).createKey({ name: WORDS.key(tenant), scopes: ['read'], expiresAt: null })).row.id,
  'tenants/{id}': async (_harness, { tenant }) => tenant,
  'webhooks/{id}': async ({ catalog }, { tenant }) => (await catalog.of(tenant).createWebhook({ ...WEBHOOK, url: `https://hooks.example/${tenant}` }, 100)).id,
  'deliveries/{delivery}': async ({ catalog }, { tenant, made }) => (await catalog.of(tenant).pingWebhook(made['webhooks/{id}']!))!.id,
  'sweeps/{id}': async ({ catalog }, { tenant, made }) => {
    const { sweep, jobs } = await catalog.of(tenant).createSweep(newSweep(made['models/{id}']!, 2))
    for (const { id } of jobs) await catalog.of(tenant).requestCancel(id)
    return sweep.id
  },
}

/** Fields of JSON bodies that name something, and its kind. */
export const NAMING: Readonly<Record<string, string>> = { model: 'models/{id}', dataset: 'datasets/{id}', evaluationDataset: 'datasets/{id}' }

/** Bodies of operations that look at theirs before they look for the thing. */
export const BODIES: Readonly<Record<string, object>> = { changeWebhook: { active: false } }

/** Operations that even the owner is refused in this world, whatever the reason. */
export const EXEMPT: ReadonlySet<string> = new Set([])

const WORDS = {
  model: (tenant: string) => `model-of-${tenant}`,
  dataset: (tenant: string) => `dataset-of-${tenant}`,
  key: (tenant: string) => `key-of-${tenant}`,
}
const tensorOf = (tenant: string): string => `layer-of-${tenant.slice(-6)}/kernel-of-${tenant.slice(-6)}`
const artifactOf = (tenant: string): string => `artifact-of-${tenant.slice(-6)}.keras`

export interface World {
  /** A key of all scopes of the tenant that `theirs` belongs to. */
  readonly owner: string
  /** What stands in paths, by kind. */
  readonly theirs: Readonly<Record<string, string>>
  /** Words that only the other tenant may read. */
  readonly words: readonly string[]
  /** The other tenant: a key of all scopes, things of its own, and the body of a job that it may submit. */
  readonly mine: { readonly key: string, readonly ids: Readonly<Record<string, string>>, readonly body: object }
}

export async function makeWorld (harness: Harness): Promise<World> {
  const { catalog } = harness
  const owner = await catalog.of(FIRST_TENANT).createKey({ name: 'owner', scopes: ['read', 'write', 'admin'], expiresAt: null })
  const { tenant, issued } = await catalog.createTenant('second', {})
  const make = async (of: string): Promise<Record<string, string>> => {
    const made: Record<string, string> = {}
    for (const [kind, maker] of Object.entries(MAKERS)) made[kind] = await maker(harness, { tenant: of, made })
    return made
  }
  const [theirs, ids] = [await make(FIRST_TENANT), await make(tenant.id)]
  await catalog.note([{ tenantId: FIRST_TENANT, at: new Date(), actor: owner.row.id, action: 'secretAction', target: theirs['models/{id}']!, status: 201, requestId: 'r', details: null }])
  return {
    owner: owner.key,
    theirs,
    words: [...Object.values(WORDS).map((word) => word(FIRST_TENANT)), ...['model', 'data', 'artifact'].map((kind) => sha256Of(`${kind} of ${FIRST_TENANT}`)), 'secretAction', owner.row.id],
    mine: { key: issued.key, ids, body: { model: ids['models/{id}'], recipe: { method: 'magnitude', target: { sparsity: 0.5 }, evaluation: false } } },
  }
}

/** An id of the same form and length that nothing has. */
export function fakeOf (id: string): string {
  return id.replace(/[0-9a-z]{4}(?=(\.\w+)?$)/, 'zzzz')
}

async function * contentOf (kind: string, tenant: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(`${kind} of ${tenant}`)
}
