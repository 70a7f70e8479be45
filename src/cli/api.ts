/** `npm run api`: the API role alone. */
import { runRole } from './role.ts'

await runRole(async (config) => {
  // Imported late: the database client it needs may only just have been generated.
  const { serve } = await import('../http/server.ts')
  const server = await serve(config)
  console.log(`the API listens at ${server.url}`)
  return server
})
