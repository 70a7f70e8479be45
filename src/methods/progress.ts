/** How far a job is: one schema for the messages of the engine, the database and the API. */
import { Type, type Static } from 'typebox'

export const Progress = Type.Object({
  stage: Type.String(),
  done: Type.Integer(),
  total: Type.Integer(),
  etaSeconds: Type.Union([Type.Number(), Type.Null()]),
  stepsPerSecond: Type.Optional(Type.Number({ description: 'while it trains' })),
  epoch: Type.Optional(Type.Integer({ description: 'the epoch that is under way, counted from 1' })),
  loss: Type.Optional(Type.Number({ description: 'of the last whole epoch' })),
})

export type Progress = Static<typeof Progress>
