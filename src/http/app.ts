/** The HTTP application: everything the API answers, over dependencies that are given to it. */
import { randomUUID } from 'node:crypto'
import multipart from '@fastify/multipart'
import fastify, { LogController, type FastifyBaseLogger } from 'fastify'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { TSchema } from 'typebox'
import { NO_TRACING, type Tracing } from '../jobs/tracing.ts'
import type { App, Dependencies } from './dependencies.ts'
import { trusting } from './client-address.ts'
import { guard } from './access/index.ts'
import { handleErrors, sendUnrouted } from './error-handler.ts'
import { endConnections } from './plugins/end-connections.ts'
import { readJsonBodies } from './plugins/json.ts'
import { describeApi } from './plugins/openapi.ts'
import { removeFreedBlobs } from './plugins/remove-freed.ts'
import { addPages } from './plugins/pages.ts'
import { watchRequests } from './plugins/watch-requests.ts'
import { addSecurityHeaders } from './plugins/security.ts'
import { addDatasetRoutes } from './routes/datasets/index.ts'
import { addEventRoutes } from './routes/events/index.ts'
import { addJobRoutes } from './routes/jobs/index.ts'
import { addAuditRoute } from './routes/audit/index.ts'
import { addKeyRoutes } from './routes/keys/index.ts'
import { addMeRoute } from './routes/me/index.ts'
import { addModelRoutes } from './routes/models/index.ts'
import { addPlanRoute } from './routes/plans/index.ts'
import { addSessionRoutes } from './routes/session/index.ts'
import { addSweepRoutes } from './routes/sweeps/index.ts'
import { addUploadRoutes } from './routes/uploads/index.ts'
import { addTenantRoutes } from './routes/tenants/index.ts'
import { addCatalogueRoute } from './routes/system/catalogue.ts'
import { addFleetRoutes } from './routes/system/fleet.ts'
import { addHealthRoutes } from './routes/system/health.ts'
import { addHomeRoutes } from './routes/system/home.ts'
import { addWebhookRoutes } from './routes/webhooks/index.ts'
import { addMetricsRoute } from './routes/system/metrics.ts'
import { createServiceMetrics, type ApiMetrics } from './service-metrics.ts'
import { validatedText } from './validation.ts'

/** JSON bodies; files have their own limit. */
const JSON_BYTES = 1 << 20

/** A connection on which nothing moves for this long is closed; reading the largest upload takes less. */
const IDLE_MS = 300_000

export interface AppOptions {
  readonly log?: FastifyBaseLogger
  /** Shared with what else counts in this process. */
  readonly metrics?: ApiMetrics
  readonly tracing?: Tracing
}

/** Ready to be listened with or injected into. Closing it leaves the dependencies open: they belong to the caller. */
export async function createApp (dependencies: Dependencies, { log, metrics: counted, tracing = NO_TRACING }: AppOptions = {}): Promise<App> {
  const app: App = fastify({
    ...(log === undefined ? { logger: false } : { loggerInstance: log }),
    // Each has a line of its own, with its route and without its query's secrets.
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: () => randomUUID(),
    bodyLimit: JSON_BYTES,
    connectionTimeout: IDLE_MS,
    frameworkErrors: sendUnrouted,
    ...(dependencies.trustProxy !== undefined && { trustProxy: trusting(dependencies.trustProxy) }),
    routerOptions: { maxParamLength: 1000 },
  }).withTypeProvider<TypeBoxTypeProvider>()

  app.setValidatorCompiler(({ schema, httpPart }) => {
    // Bodies need more than a schema (parts that stream in, recipes): their handlers check them.
    if (httpPart === 'body') return () => true
    return (value) => ({ value: validatedText(schema as TSchema, value, httpPart ?? 'request') })
  })
  // What is sent comes from the same schemas; a serializer that drops what it does not know would hide mistakes.
  app.setSerializerCompiler(() => (value) => JSON.stringify(value))
  const metrics = createServiceMetrics(dependencies, counted)
  watchRequests(app, { metrics: metrics.of, tracing })
  handleErrors(app)
  endConnections(app)
  addSecurityHeaders(app)
  removeFreedBlobs(app, dependencies)
  readJsonBodies(app)
  await app.register(multipart, { throwFileSizeLimit: false })
  await describeApi(app, { version: dependencies.version })

  await addPages(app, dependencies.pages)
  await app.register(async (open) => {
    addHomeRoutes(open)
    addHealthRoutes(open, dependencies)
  })
  await app.register(async (guarded) => {
    const access = await guard(guarded, dependencies)
    addMetricsRoute(guarded, metrics)
    await guarded.register(async (v1) => {
      addModelRoutes(v1, dependencies)
      addDatasetRoutes(v1, dependencies)
      await v1.register(async (uploads) => { addUploadRoutes(uploads, dependencies) })
      addJobRoutes(v1, dependencies, access)
      addEventRoutes(v1, dependencies)
      addPlanRoute(v1, dependencies)
      addWebhookRoutes(v1, dependencies)
      addSweepRoutes(v1, dependencies)
      addCatalogueRoute(v1, dependencies)
      addFleetRoutes(v1, dependencies)
      addMeRoute(v1, dependencies)
      addSessionRoutes(v1, access)
      addKeyRoutes(v1, dependencies, access)
      addTenantRoutes(v1, dependencies, access)
      addAuditRoute(v1, dependencies)
    }, { prefix: '/v1' })
  })
  await app.ready()
  return app
}
