/** /v1/jobs: everything about jobs. */
import type { Guard } from '../../access/index.ts'
import type { App, Dependencies } from '../../dependencies.ts'
import { addJobActionRoutes } from './actions.ts'
import { addArtifactRoutes } from './artifacts.ts'
import { addLayersRoute } from './layers.ts'
import { addJobMetricsRoute } from './metrics.ts'
import { addJobReadRoutes } from './read.ts'
import { addReportRoute } from './report.ts'
import { addSubmitRoute } from './submit.ts'
import { addWeightRoutes } from './weights.ts'

export function addJobRoutes (app: App, dependencies: Dependencies, guard: Guard): void {
  addSubmitRoute(app, dependencies)
  addJobReadRoutes(app, dependencies)
  addJobActionRoutes(app, dependencies)
  addLayersRoute(app, dependencies)
  addJobMetricsRoute(app, dependencies)
  addArtifactRoutes(app, dependencies, guard)
  addReportRoute(app, dependencies)
  addWeightRoutes(app, dependencies)
}
