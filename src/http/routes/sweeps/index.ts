/** /v1/sweeps: many recipes on one model, and what they come to together. */
import type { App, Dependencies } from '../../dependencies.ts'
import { addSweepReadRoutes } from './read.ts'
import { addSweepWriteRoutes } from './write.ts'

export function addSweepRoutes (app: App, dependencies: Dependencies): void {
  addSweepWriteRoutes(app, dependencies)
  addSweepReadRoutes(app, dependencies)
}
