/** What the API is given: the ports, the readers and the tables. Nothing in here is constructed by a route. */
import type { PlanModel } from '../jobs/use-cases/plan-job.ts'
import type { FastifyInstance, FastifyBaseLogger, RawServerDefault } from 'fastify'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { TrustedProxies } from '../config-proxy.ts'
import type { InputScaling } from '../datasets/dataset.ts'
import type { JobMaxima } from '../jobs/limits.ts'
import type { Blobs, Catalogs, Queue } from '../jobs/ports.ts'
import type { Figures } from '../jobs/figures.ts'
import type { JobChanges } from '../jobs/watching.ts'
import type { StreamLimits } from './events/open-streams.ts'
import type { CheckWebhookUrl } from '../jobs/webhooks/ports.ts'
import type { DatasetSummary, ModelSummary } from '../jobs/resources.ts'
import type { ByteSource } from '../models/bytes.ts'
import type { Rates } from './access/rate-limit.ts'

/** A fastify instance whose handlers are typed by their TypeBox schemas. */
export type App = FastifyInstance<RawServerDefault, IncomingMessage, ServerResponse, FastifyBaseLogger, TypeBoxTypeProvider>

/** Reads a model file and tells what is in it; throws `invalid-model`, `unsupported-format` or `limit-exceeded`. */
export type SummarizeModel = (source: ByteSource) => Promise<ModelSummary>

/** The same for data sets; `inputs` overrides the scaling that the file suggests. */
export type SummarizeDataset = (source: ByteSource, inputs: InputScaling | undefined) => Promise<DatasetSummary>

/** One table of the catalogue: names with what they are and take. */
export interface CatalogueEntry { readonly name: string, readonly description: string, readonly [detail: string]: unknown }
export type Catalogue = Readonly<Record<string, readonly CatalogueEntry[]>>

export interface Limits extends StreamLimits {
  /** Of one uploaded file, in bytes. */
  readonly uploadBytes: number
  /** How long an upload in pieces lives after its last one; absent: 24. */
  readonly uploadHours?: number
  /** Of one job; absent: as the configuration's defaults say. */
  readonly job?: JobMaxima
}

export interface Dependencies {
  readonly catalog: Catalogs
  readonly blobs: Blobs
  readonly queue: Queue
  readonly figures: Figures
  readonly changes: JobChanges
  readonly summarizeModel: SummarizeModel
  readonly summarizeDataset: SummarizeDataset
  readonly planModel: PlanModel
  readonly checkWebhookUrl: CheckWebhookUrl
  readonly catalogue: Catalogue
  readonly limits: Limits
  readonly version: string
  /** Folder of the dashboard as it was built; without it / leads to the documentation. */
  readonly pages?: string
  /** A key beside those of the database: of the first tenant, with all scopes. */
  readonly apiKey?: string
  /** False: without `apiKey`, requests without any key are let in as the first tenant. */
  readonly requireKey?: boolean
  /** Absent: the address of a client is that of its connection. */
  readonly trustProxy?: TrustedProxies
  /** Absent: requests are not counted. */
  readonly rates?: Rates
}
