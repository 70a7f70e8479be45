/** /v1/jobs: everything about jobs. */
import type { Guard } from '../../access/index.ts'
import type { App, Dependencies } from '../../dependencies.ts'
import { addJobActionRoutes } from './actions.ts'
import { addArtifactRoutes } from './artifacts.ts'
import { jobInTheEnd } from './ended.ts'
import { addLayersRoute } from './layers.ts'
import { addJobMetricsRoute } from './metrics.ts'
import { addPositionRoute } from './position.ts'
import { addJobReadRoutes } from './read.ts'
import { addReportRoute } from './report.ts'
import { addSubmitRoute } from './submit.ts'
import { addWeightRoutes } from './weights.ts'

export function addJobRoutes (app: App, dependencies: Dependencies, guard: Guard): void {
  const inTheEnd = jobInTheEnd(app, dependencies)
  addSubmitRoute(app, dependencies, inTheEnd)
  addJobReadRoutes(app, dependencies, inTheEnd)
  addPositionRoute(app, dependencies)
  addJobActionRoutes(app, dependencies)
  addLayersRoute(app, dependencies)
  addJobMetricsRoute(app, dependencies)
  addArtifactRoutes(app, dependencies, guard)
  addReportRoute(app, dependencies)
  addWeightRoutes(app, dependencies)
}
