/** The OpenAPI 3.1 document, made from the routes' own schemas, and the page that shows it. */
import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import type { FastifyInstance } from 'fastify'
import { QueueState, Worker } from '../../jobs/fleet.ts'
import { QueuePosition } from '../../jobs/queue-position.ts'
import { Dataset, Job, JobSummary, Model } from '../../jobs/resources.ts'
import { Upload } from '../../jobs/uploads.ts'
import { Webhook, WebhookDelivery } from '../../jobs/webhooks/resources.ts'
import { Sweep } from '../../jobs/sweeps/resource.ts'
import { Plan } from '../../methods/planning/plan.ts'
import { RecipeInput } from '../../pruning/recipe.ts'
import { RANKS, SCOPES } from '../../jobs/scopes.ts'
import { KEY_SCHEME, LINK_SCHEME, SESSION_SCHEME } from '../access/needs.ts'
import { COOKIE } from '../access/session-cookie.ts'
import { Problem } from '../schemas.ts'

const TAGS = [
  { name: 'models', description: 'Model files and what is in them' },
  { name: 'datasets', description: 'Data set files and what is in them' },
  { name: 'uploads', description: 'Large files in pieces, which go on after a connection broke' },
  { name: 'jobs', description: 'Pruning jobs, their receipts and artifacts' },
  { name: 'webhooks', description: 'Addresses that are told of jobs, and what was sent to them' },
  { name: 'sweeps', description: 'Many recipes on one model, and the best of them' },
  { name: 'access', description: 'Tenants, their keys and quotas, and the record of what they did' },
  { name: 'system', description: 'The catalogue and the state of the service' },
]

const listed = (table: Readonly<Record<string, { readonly description: string }>>): string => Object.entries(table).map(([name, { description }]) => `- \`${name}\`: ${description}`).join('\n')

const SECURITY = {
  [KEY_SCHEME]: {
    type: 'http' as const,
    scheme: 'bearer',
    description: `A key; what a route needs of it stands with the route. On a loopback address a server without ESPALIER_API_KEY takes requests without a key too.\n\n${listed(SCOPES)}\n${listed(RANKS)}`,
  },
  [SESSION_SCHEME]: { type: 'apiKey' as const, in: 'cookie' as const, name: COOKIE, description: 'A browser that showed a key to POST /v1/session. What changes something also needs `X-CSRF-Token`, with the `csrfToken` of GET /v1/session.' },
  [LINK_SCHEME]: { type: 'apiKey' as const, in: 'query' as const, name: 'signature', description: 'The address as it was answered, for as long as it is valid' },
}

/** Call before routes are added: only later ones are described. */
export async function describeApi (app: FastifyInstance, options: { version: string }): Promise<void> {
  for (const schema of [Problem, Model, Dataset, Upload, Job, JobSummary, Plan, RecipeInput, Sweep, Webhook, WebhookDelivery, Worker, QueueState, QueuePosition]) app.addSchema(schema)
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Espalier',
        version: options.version,
        description: 'Prunes neural networks and proves the result.',
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      servers: [{ url: '/' }],
      tags: TAGS,
      components: { securitySchemes: SECURITY },
    },
    // HEAD is GET without the body; described twice it would have the same operation id twice.
    transformObject: (document) => {
      if (!('openapiObject' in document)) return document.swaggerObject
      for (const path of Object.values(document.openapiObject.paths ?? {})) if (path?.head?.operationId === path?.get?.operationId) delete path?.head
      return document.openapiObject
    },
    refResolver: { buildLocalReference: (schema, _base, _fragment, index) => typeof schema.$id === 'string' ? schema.$id : `schema-${index}` },
  })
  await app.register(swaggerUi, {
    routePrefix: '/docs',
    staticCSP: true,
    // Without this the page would ask a validator outside of this machine.
    uiConfig: { validatorUrl: null, deepLinking: true },
    // The bar above the page shows another project's name and asks for an address nobody needs.
    theme: { css: [{ filename: 'page.css', content: '.topbar { display: none }' }] },
  })
}
