/** How far a job is: one schema for the messages of the engine, the database and the API. */
import { Type, type Static } from 'typebox'

export const Progress = Type.Object({
  stage: Type.String(),
  done: Type.Integer(),
  total: Type.Integer(),
  etaSeconds: Type.Union([Type.Number(), Type.Null()]),
})

export type Progress = Static<typeof Progress>
