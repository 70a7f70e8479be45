/** `npm run worker`: the worker role alone. */
import { runRole } from './role.ts'

await runRole('worker', async (config) => {
  // Imported late: the database client it needs may only just have been generated.
  const { runWorker } = await import('../worker/index.ts')
  return await runWorker(config)
})
