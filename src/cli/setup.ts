/** `npm run setup`: fetches and builds what npm cannot. `--verify` compares checksums of what is there. */
import { readConfig } from '../config.ts'
import { setup } from '../infra/setup/index.ts'
import { report } from './report.ts'

try {
  const started = performance.now()
  const { tensorflow, postgres, valkey } = await setup({ config: readConfig(), verify: process.argv.includes('--verify') })
  console.log(`TensorFlow: ${tensorflow.libraries} (${tensorflow.kind})`)
  console.log(`Postgres: ${postgres?.postgres ?? 'DATABASE_URL'}`)
  console.log(`Valkey: ${valkey ?? 'REDIS_URL'}`)
  console.log(`all is there (${((performance.now() - started) / 1000).toFixed(1)} s)`)
} catch (error) {
  report(error)
}
