/** The table of pages: a line for each address that the server answers with the dashboard. Each is fetched when it is first shown. */
import { lazy, type ComponentType } from 'react'
import type { ClientRoute } from '../../http/client-routes.ts'

const JobsPage = lazy(async () => await import('../pages/jobs.tsx'))

export const ROUTES = {
  '/': JobsPage,
  '/jobs': JobsPage,
  '/jobs/:id': lazy(async () => await import('../pages/job.tsx')),
  '/compare': lazy(async () => await import('../pages/compare.tsx')),
  '/new': lazy(async () => await import('../pages/new.tsx')),
  '/models': lazy(async () => await import('../pages/models.tsx')),
  '/datasets': lazy(async () => await import('../pages/datasets.tsx')),
  '/keys': lazy(async () => await import('../pages/keys.tsx')),
  '/webhooks': lazy(async () => await import('../pages/webhooks.tsx')),
  '/audit': lazy(async () => await import('../pages/audit.tsx')),
  '/fleet': lazy(async () => await import('../pages/fleet.tsx')),
  '/sweeps': lazy(async () => await import('../pages/sweeps.tsx')),
  '/sweeps/:id': lazy(async () => await import('../pages/sweep.tsx')),
} as const satisfies Record<'/' | ClientRoute, ComponentType>

export const NotFoundPage = lazy(async () => await import('../pages/not-found.tsx'))
