/** /v1/jobs: everything about jobs. */
import type { App, Dependencies } from '../../dependencies.ts'
import { addJobActionRoutes } from './actions.ts'
import { addArtifactRoute } from './artifacts.ts'
import { addLayersRoute } from './layers.ts'
import { addJobMetricsRoute } from './metrics.ts'
import { addJobReadRoutes } from './read.ts'
import { addReportRoute } from './report.ts'
import { addSubmitRoute } from './submit.ts'

export function addJobRoutes (app: App, dependencies: Dependencies): void {
  addSubmitRoute(app, dependencies)
  addJobReadRoutes(app, dependencies)
  addJobActionRoutes(app, dependencies)
  addLayersRoute(app, dependencies)
  addJobMetricsRoute(app, dependencies)
  addArtifactRoute(app, dependencies)
  addReportRoute(app, dependencies)
}
