/** What the two roles have in common: setup where nobody did it before, a clean end on a signal or when the parent is gone. */
import { readConfig, type Config } from '../config.ts'
import { setup } from '../infra/setup/index.ts'
import { migrate } from '../infra/postgres/migrate.ts'
import { EspalierError } from '../errors.ts'
import { createProcessLog } from '../telemetry/process-log.ts'
import { report } from './report.ts'

/** After a second signal it ends within this, whatever it is doing: what it had is found and given to others. */
const HURRY_MS = 2000

export async function runRole (name: 'api' | 'worker', start: (config: Config) => Promise<{ close (): Promise<void>, hurry? (): void }>): Promise<void> {
  try {
    const config = readConfig()
    const log = createProcessLog(config, name)
    process.on('uncaughtException', (err) => {
      log.fatal({ err }, 'the process ends, as nothing caught an error')
      process.exit(1)
    })
    const { databaseUrl, redisUrl } = config
    if (databaseUrl === undefined || redisUrl === undefined) {
      throw new EspalierError('invalid-configuration', 'DATABASE_URL and REDIS_URL are needed to run one role: the addresses of Postgres and Valkey; npm start brings its own')
    }
    if (!config.setupDone) await setup({ config })
    await migrate(databaseUrl)
    const role = await start(config)
    let closing = false
    const end = (): void => {
      if (closing) {
        role.hurry?.()
        setTimeout(() => process.exit(), HURRY_MS)
        return
      }
      closing = true
      role.close().catch(report).finally(() => process.exit())
    }
    process.on('SIGTERM', end).on('SIGINT', end)
    if (process.connected) process.on('disconnect', () => { if (!closing) end() })
  } catch (error) {
    report(error)
    process.exit()
  }
}
