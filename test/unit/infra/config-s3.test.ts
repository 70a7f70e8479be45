/** The variables of an S3-compatible store. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { environmentOf, readConfig, type Environment } from '../../../src/config.ts'
import { EspalierError } from '../../../src/errors.ts'

const LEAST = { ESPALIER_BLOBS: 's3', ESPALIER_S3_BUCKET: 'models' }

function problemsOf (env: Environment): string[] {
  try {
    readConfig({ ...LEAST, ...env })
  } catch (error) {
    assert.ok(error instanceof EspalierError && error.code === 'invalid-configuration')
    return error.details['problems'] as string[]
  }
  return []
}

describe('configuration of an S3 store', () => {
  test('a bucket is enough; without a prefix keys begin with nothing', () => {
    assert.deepEqual(readConfig(LEAST).s3, { bucket: 'models', region: 'us-east-1', prefix: '' })
    assert.equal(readConfig({ ...LEAST, ESPALIER_BLOBS: 'files' }).s3, undefined)
  })

  test('the variables give the same configuration again', () => {
    const env = {
      ...LEAST,
      ESPALIER_S3_ENDPOINT: 'https://minio.example.org:9000',
      ESPALIER_S3_REGION: 'eu-central-1',
      ESPALIER_S3_PREFIX: 'team/espalier/',
      ESPALIER_S3_ACCESS_KEY_ID: 'id',
      ESPALIER_S3_SECRET_ACCESS_KEY: 'secret',
    }
    const config = readConfig(env)
    assert.deepEqual(config.s3, {
      bucket: 'models', endpoint: 'https://minio.example.org:9000', region: 'eu-central-1', prefix: 'team/espalier/', credentials: { accessKeyId: 'id', secretAccessKey: 'secret' },
    })
    assert.deepEqual(readConfig(environmentOf(config)), config)
    assert.equal(readConfig({ ...env, ESPALIER_S3_PREFIX: 'team/espalier' }).s3!.prefix, 'team/espalier/')
    assert.deepEqual(readConfig(environmentOf(readConfig(LEAST))), readConfig(LEAST))
  })

  test('all problems at once, and no secret among them', () => {
    const problems = problemsOf({
      PORT: 'x', ESPALIER_S3_BUCKET: 'Models', ESPALIER_S3_ENDPOINT: 'http://user:hunter2@host', ESPALIER_S3_REGION: 'Europe', ESPALIER_S3_PREFIX: '../up', ESPALIER_S3_SECRET_ACCESS_KEY: 'hunter2',
    })
    assert.equal(problems.length, 6)
    assert.ok(!problems.join().includes('hunter2'))
    for (const name of ['BUCKET', 'ENDPOINT', 'REGION', 'PREFIX', 'ACCESS_KEY_ID']) assert.equal(problems.filter((problem) => problem.startsWith(`ESPALIER_S3_${name} `)).length, 1, name)
    assert.match(problemsOf({ ESPALIER_S3_BUCKET: '' })[0]!, /ESPALIER_S3_BUCKET is missing/)
    assert.match(problemsOf({ ESPALIER_S3_ACCESS_KEY_ID: 'id' })[0]!, /ESPALIER_S3_SECRET_ACCESS_KEY is missing/)
  })

  test('names of buckets', () => {
    for (const good of ['abc', 'my.bucket-1', 'a'.repeat(63)]) assert.deepEqual(problemsOf({ ESPALIER_S3_BUCKET: good }), [], good)
    for (const bad of ['ab', 'a'.repeat(64), '-abc', 'abc-', 'a..b', '192.168.5.4', 'xn--abc', 'a_b', 'a/b']) assert.equal(problemsOf({ ESPALIER_S3_BUCKET: bad }).length, 1, bad)
  })

  test('addresses and prefixes', () => {
    for (const good of ['http://127.0.0.1:9000', 'https://s3.example.org/gateway']) assert.deepEqual(problemsOf({ ESPALIER_S3_ENDPOINT: good }), [], good)
    for (const bad of ['ftp://host', 'host:9000', 'https://host/?a=b', 'https://host/#x', 'https://u@host']) assert.equal(problemsOf({ ESPALIER_S3_ENDPOINT: bad }).length, 1, bad)
    for (const good of ['a', 'a/b/', 'a.b/c_d']) assert.deepEqual(problemsOf({ ESPALIER_S3_PREFIX: good }), [], good)
    for (const bad of ['/a', 'a//b', 'a/../b', './a', 'a b', 'ä', '..']) assert.equal(problemsOf({ ESPALIER_S3_PREFIX: bad }).length, 1, bad)
  })
})
