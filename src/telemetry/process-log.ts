/** The log of a process of the service, made from the configuration. */
import type { Config } from '../config.ts'
import { createLog, silentLog, type Log } from './log.ts'
import { passwordsOf } from './redact.ts'

/** `fields` come with every line, the name of a worker for one. */
export function createProcessLog (config: Config, role: string, fields: Readonly<Record<string, string>> = {}): Log {
  if (config.logLevel === 'silent') return silentLog
  return createLog({ level: config.logLevel, role, format: logFormat(config), secrets: secretsOf(config), fields })
}

export function logFormat ({ logFormat: format }: Pick<Config, 'logFormat'>): 'json' | 'text' {
  return format === 'auto' ? process.stdout.isTTY ? 'text' : 'json' : format
}

/** Every secret of the configuration; what is added to it is to be added here. */
export function secretsOf ({ apiKey, secretKeys = [], databaseUrl, redisUrl, tracesUrl, s3 }: Config): Array<string | undefined> {
  return [apiKey, ...secretKeys, s3?.credentials?.secretAccessKey, ...passwordsOf(databaseUrl, redisUrl, tracesUrl)]
}
