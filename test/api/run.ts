/**
 * `npm run test:api`: schemathesis sends what /openapi.json allows, and what it does not, to the real service: no answer may be a fault of the server, and every
 * answer must be one that the document describes. ESPALIER_PYTHON names a Python; schemathesis is installed into the cache when that one lacks it.
 */
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { createClient } from '../../src/cli/client.ts'
import { inherited, readConfig } from '../../src/config.ts'
import { startService } from '../chaos/service.ts'

const VERSION = '4.32.5'
const KEY = 'a-key-of-the-test-of-the-api'
/** Faults of the server, and answers that the document does not describe. */
const CHECKS = [
  'not_a_server_error', 'status_code_conformance', 'content_type_conformance', 'response_headers_conformance', 'response_schema_conformance',
  'unsupported_method', 'allow_header_conformance', 'use_after_free', 'ensure_resource_availability', 'ignored_auth',
]

const { values: options } = parseArgs({
  options: { examples: { type: 'string', default: '60' }, seed: { type: 'string', default: '1' }, phases: { type: 'string', default: 'examples,coverage,fuzzing,stateful' }, only: { type: 'string' } },
})

/** The command of schemathesis in a virtual environment of its own. */
function schemathesis (): string {
  const folder = path.join(readConfig().home, 'cache', `schemathesis-${VERSION}`)
  const command = path.join(folder, 'bin/schemathesis')
  if (existsSync(command)) return command
  const python = inherited['ESPALIER_PYTHON'] ?? 'python3'
  execFileSync(python, ['-m', 'venv', '--clear', folder], { stdio: 'inherit' })
  execFileSync(path.join(folder, 'bin/pip'), ['install', '--quiet', '--disable-pip-version-check', `schemathesis==${VERSION}`], { stdio: 'inherit' })
  return command
}

const command = schemathesis()
const service = await startService({ ESPALIER_API_KEY: KEY, ESPALIER_RATE_LIMIT: '0' })
try {
  // Something to be found, so that what is read and deleted exists.
  const client = createClient(service.url, KEY)
  const { id: model } = await client.uploadModel(fileURLToPath(new URL('../../examples/seed-network.keras', import.meta.url)))
  await client.waitForJob((await client.createJob({ model, recipe: { method: 'magnitude', target: { sparsity: 0.5 }, evaluation: false } })).id)
  const args = [
    'run', `${service.url}/openapi.json`, '--header', `Authorization: Bearer ${KEY}`, '--checks', CHECKS.join(), '--phases', options.phases, '--max-examples', options.examples, '--seed', options.seed,
    '--continue-on-failure', '--warnings', 'off', '--suppress-health-check', 'all', '--request-timeout', '40', ...(options.only === undefined ? [] : ['--include-path-regex', options.only]),
  ]
  const [code] = await once(spawn(command, args, { cwd: service.home, stdio: 'inherit', env: { ...inherited, NO_COLOR: '1', SCHEMATHESIS_HOOKS: 'schemathesis_hooks', PYTHONPATH: fileURLToPath(new URL('.', import.meta.url)), PYTHONDONTWRITEBYTECODE: '1' } }), 'exit') as [number | null]
  process.exitCode = code ?? 1
} finally {
  await service.stop()
}
