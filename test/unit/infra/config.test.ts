/** The environment: defaults, every problem at once, secrets not repeated, and the way back into variables. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { engineEnvironment, environmentOf, readConfig, type Environment } from '../../../src/config.ts'
import { EspalierError } from '../../../src/errors.ts'

function problemsOf (env: Environment): string[] {
  try {
    readConfig(env)
  } catch (error) {
    assert.ok(error instanceof EspalierError)
    assert.equal(error.code, 'invalid-configuration')
    return error.details['problems'] as string[]
  }
  return []
}

describe('configuration', () => {
  test('defaults serve one machine, reachable from that machine only', () => {
    const config = readConfig({})
    assert.equal(config.host, '127.0.0.1')
    assert.equal(config.port, 8080)
    assert.equal(config.blobs, 'files')
    assert.match(config.home, /\.espalier$/)
    assert.equal('databaseUrl' in config, false)
    assert.equal('apiKey' in config, false)
  })

  test('an empty variable counts as absent', () => {
    assert.deepEqual(readConfig({ PORT: '', DATABASE_URL: ' ', ESPALIER_API_KEY: '' }), readConfig({}))
  })

  test('all problems are told at once, with variable, value and what is right', () => {
    const problems = problemsOf({ PORT: '70000', ESPALIER_BLOBS: 's4', ESPALIER_CONCURRENCY: '1.5', ESPALIER_LOG: 'loud', ESPALIER_QUEUE_PREFIX: 'a b' })
    assert.equal(problems.length, 5)
    assert.ok(problems.includes('PORT is "70000"; it must be a whole number from 0 to 65535'))
    assert.ok(problems.includes('ESPALIER_BLOBS is "s4"; it must be one of files, postgres, s3'))
  })

  test('a key has at least 16 characters', () => {
    assert.match(problemsOf({ HOST: '::', ESPALIER_API_KEY: 'short' })[0] ?? '', /at least 16/)
    assert.equal(readConfig({ HOST: '0.0.0.0', ESPALIER_API_KEY: '0123456789abcdef' }).host, '0.0.0.0')
    for (const host of ['localhost', '127.0.0.1', '127.8.9.10', '::1']) assert.deepEqual(problemsOf({ HOST: host }), [])
  })

  test('what webhooks may have is addresses, ranges of them and names', () => {
    assert.deepEqual(problemsOf({ ESPALIER_WEBHOOK_ALLOW: '10.0.0.0/8, fd00::/8, ::1, hooks.internal' }), [])
    assert.match(problemsOf({ ESPALIER_WEBHOOK_ALLOW: '10.0.0.0/40' })[0] ?? '', /^ESPALIER_WEBHOOK_ALLOW: "10\.0\.0\.0\/40" is neither/)
  })

  test('proxies are a number of them, or addresses, networks and names of networks', () => {
    const of = (value: string) => readConfig({ ESPALIER_TRUST_PROXY: value }).trustProxy
    assert.deepEqual([of('2'), of('0'), of(''), of('10.0.0.1,10.0.0.1, FD00::/8,uniquelocal')], [2, undefined, undefined, ['10.0.0.1', 'fd00::/8', 'uniquelocal']])
    for (const wrong of ['true', '33', '-1', '1.5', '10.0.0.0/33', '10.1', 'proxy.internal', '10.0.0.1;10.0.0.2', 'fe80::1%eth0', ',']) {
      assert.match(problemsOf({ ESPALIER_TRUST_PROXY: wrong })[0] ?? '', /^ESPALIER_TRUST_PROXY (is|names) ".*must be/, wrong)
    }
    for (const all of ['0.0.0.0/0', '10.0.0.1, ::/0']) assert.match(problemsOf({ ESPALIER_TRUST_PROXY: all })[0] ?? '', /every address/)
  })

  test('what may hold a secret is not repeated', () => {
    const problems = problemsOf({ DATABASE_URL: 'mysql://u:hunter2@h/d', REDIS_URL: 'hunter2', ESPALIER_API_KEY: 'hunter2', ESPALIER_SECRET_KEY: 'hunter2,hunter2' })
    assert.equal(problems.length, 6)
    assert.match(problems.join(), /ESPALIER_SECRET_KEY: key 2 of 2 has 7 characters; it must have at least 32/)
    assert.ok(!problems.join().includes('hunter2'))
  })

  test('the variables of a configuration give the same one', () => {
    const env = {
      HOST: '0.0.0.0',
      PORT: '0',
      DATABASE_URL: 'postgresql://u:p@h:1/d',
      REDIS_URL: 'rediss://:p@h:2',
      ESPALIER_HOME: '/data',
      ESPALIER_TENSORFLOW: '/opt/tensorflow',
      ESPALIER_API_KEY: '0123456789abcdef',
      ESPALIER_SECRET_KEY: `${'new'.repeat(12)},${'old'.repeat(12)}`,
      ESPALIER_TRUST_PROXY: '10.0.0.1, fd00::/8, loopback',
      ESPALIER_RATE_LIMIT: '100',
      ESPALIER_KEEP_ARTIFACTS_DAYS: '90',
      ESPALIER_KEEP_JOBS_DAYS: '365',
      ESPALIER_AUDIT_DAYS: '30',
      ESPALIER_QUOTA_MODELS: '5',
      ESPALIER_QUOTA_RUNNING_JOBS: '0',
      ESPALIER_BLOBS: 'postgres',
      ESPALIER_CONCURRENCY: '3',
      ESPALIER_MAX_UPLOAD_BYTES: '1000',
      ESPALIER_UPLOAD_HOURS: '48',
      ESPALIER_MAX_STREAMS: '8',
      ESPALIER_JOB_TIMEOUT_SECONDS: '60',
      ESPALIER_CHILD_MEMORY_MB: '1024',
      ESPALIER_LARGE_MB: '2048',
      ESPALIER_MAX_JOB_MEMORY_MB: '4096',
      ESPALIER_QUEUES: 'default,gpu',
      ESPALIER_DRAIN_SECONDS: '25',
      ESPALIER_CHILD_JOBS: '7',
      ESPALIER_XLA: 'on',
      ESPALIER_LOG: 'debug',
      ESPALIER_LOG_FORMAT: 'json',
      ESPALIER_WORKER_METRICS_HOST: '127.0.0.2',
      ESPALIER_WORKER_METRICS_PORT: '0',
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'https://collector:4318/v1/traces',
      ESPALIER_STALLED_SECONDS: '5',
      ESPALIER_RECONCILE_SECONDS: '6',
      ESPALIER_QUEUE_PREFIX: 'mine',
      ESPALIER_WEBHOOK_ALLOW: '10.0.0.0/8, hooks.internal',
      ESPALIER_SETUP: 'skip',
    }
    assert.deepEqual(environmentOf(readConfig(env)), env)
    assert.deepEqual(readConfig(environmentOf(readConfig({}))), readConfig({}))
  })
})

test('traces go to the address of a collector, or to one of their own', () => {
  const urlOf = (env: Environment): string | undefined => readConfig(env).tracesUrl
  assert.equal(urlOf({}), undefined)
  assert.equal(urlOf({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318/' }), 'http://collector:4318/v1/traces')
  assert.equal(urlOf({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318', OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://other/traces' }), 'http://other/traces')
  assert.match(problemsOf({ OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4318' })[0] ?? '', /OTEL_EXPORTER_OTLP_ENDPOINT is not an address of the form http:\/\/host:port\/path/)
})

test('engine processes get TensorFlow\'s settings and no secret', () => {
  const { env, threads, oneDNN } = engineEnvironment({ DATABASE_URL: 'postgresql://u:p@h/d', REDIS_URL: 'redis://h', ESPALIER_API_KEY: '0123456789abcdef', ESPALIER_SECRET_KEY: 's'.repeat(32), OTEL_EXPORTER_OTLP_HEADERS: 'api-key=secret', OTEL_EXPORTER_OTLP_TRACES_HEADERS: 'api-key=secret', PATH: '/bin', TF_NUM_INTRAOP_THREADS: '3', AWS_SECRET_ACCESS_KEY: 's', AWS_SESSION_TOKEN: 't', ESPALIER_S3_SECRET_ACCESS_KEY: 's' })
  assert.deepEqual(env, { TF_CPP_MIN_LOG_LEVEL: '1', TF_FORCE_GPU_ALLOW_GROWTH: 'true', TF_ENABLE_ONEDNN_OPTS: '1', PATH: '/bin', TF_NUM_INTRAOP_THREADS: '3' })
  assert.deepEqual([threads, oneDNN], [3, true])
  assert.equal(engineEnvironment({ TF_ENABLE_ONEDNN_OPTS: '0' }).oneDNN, false)
  assert.equal(engineEnvironment({ TF_ENABLE_ONEDNN_OPTS: '0' }).env.TF_ENABLE_ONEDNN_OPTS, '0')
})
