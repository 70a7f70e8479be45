/** POST /v1/plans: what a job would do, without doing it. */
import { planJob } from '../../../jobs/use-cases/plan-job.ts'
import { parseRecipe } from '../../../pruning/recipe.ts'
import { needs } from '../../access/needs.ts'
import type { App, Dependencies } from '../../dependencies.ts'
import { tenantOf } from '../../principal.ts'
import { json, NoQuery, PlanRef, problems } from '../../schemas.ts'
import { validated } from '../../validation.ts'
import { JobRequest, JobRequestDocument } from '../jobs/form.ts'

export function addPlanRoute (app: App, dependencies: Dependencies): void {
  app.post('/plans', {
    schema: {
      operationId: 'createPlan',
      security: needs('read'),
      summary: 'Plan a job',
      description: 'The body of a job. The answer tells which weights would go, how many of each layer, what is left alone and why, what the file would weigh, and what the job would fail with; ' +
        'nothing is stored. Where nothing looks at data, zeros, channels and bytes are those that the job makes.',
      tags: ['jobs'],
      querystring: NoQuery,
      body: { content: { 'application/json': { schema: JobRequestDocument } } },
      response: { 200: json('The plan', PlanRef), ...problems(404, 415, 422) },
    },
  }, async (request) => {
    const body = validated(JobRequest, request.body ?? {}, 'body')
    return await planJob({ ...dependencies, catalog: dependencies.catalog.of(tenantOf(request)) }, { ...body, recipe: parseRecipe(body.recipe) })
  })
}
