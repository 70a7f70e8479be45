/** `npm run api`: the API role alone. */
import { runRole } from './role.ts'

await runRole('api', async (config) => {
  // Imported late: the database client it needs may only just have been generated.
  const { serve } = await import('../http/server.ts')
  return await serve(config)
})
