/** Started by a test file that runs alone: serves Postgres and Valkey until its input closes. */
import { startTestServices } from './services.ts'

const services = await startTestServices({ log: (line) => { console.error(line) } })
console.log(JSON.stringify({ databaseUrl: services.databaseUrl, redisUrl: services.redisUrl }))
process.stdin.on('end', () => { void services.stop().finally(() => process.exit()) }).resume()
