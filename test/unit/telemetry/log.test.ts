/** The log: what a line has, and what is taken out of it. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { createLog, type Log, type LogOptions } from '../../../src/telemetry/log.ts'
import { prettyLine } from '../../../src/telemetry/pretty.ts'
import { passwordsOf, safeUrl, scrubber } from '../../../src/telemetry/redact.ts'

function lineOf (work: (log: Log) => void, options: Partial<LogOptions> = {}): string {
  let text = ''
  work(createLog({ level: 'trace', role: 'api', format: 'json', ...options, destination: { write (line: string) { text += line } } }))
  return text
}

const SECRET = 'correct-horse-battery'

describe('the log', () => {
  test('a line is JSON with level, time, role and fields', () => {
    const line = JSON.parse(lineOf((log) => { log.child({ jobId: 'job_1' }).warn({ attempt: 2 }, 'text') }, { fields: { worker: 'w:1' } })) as Record<string, unknown>
    assert.ok(!Number.isNaN(Date.parse(String(line['time']))))
    assert.deepEqual({ ...line, time: '', host: '', pid: 0 }, { level: 'warn', time: '', role: 'api', worker: 'w:1', pid: 0, host: '', jobId: 'job_1', attempt: 2, msg: 'text' })
  })

  test('of a request neither headers nor body, and of its query only what is harmless', () => {
    const req = { method: 'GET', url: `/v1/jobs?limit=5&signature=${SECRET}&state=queued`, headers: { authorization: SECRET }, body: SECRET, socket: { remoteAddress: '10.0.0.1' } }
    const line = JSON.parse(lineOf((log) => { log.info({ req }, 'request') })) as { req: unknown }
    assert.deepEqual(line.req, { method: 'GET', url: '/v1/jobs?limit=5&signature=[redacted]&state=queued', address: '10.0.0.1' })
    assert.equal(safeUrl('/a'), '/a')
    assert.equal(safeUrl(`/a?${SECRET}`), `/a?${SECRET}=[redacted]`)
  })

  test('secret fields are left out wherever they stand', () => {
    for (const name of ['authorization', 'Cookie', 'set-cookie', 'x-api-key', 'password', 'databaseUrl', 'secretAccessKey', 'body', 'recipe']) {
      for (const fields of [{ [name]: SECRET }, { outer: { list: [{ [name]: { deep: SECRET } }] } }]) {
        assert.doesNotMatch(lineOf((log) => { log.info(fields, 'text') }), /correct-horse/, name)
      }
      if (name !== 'Cookie') assert.doesNotMatch(lineOf((log) => { log.child({ [name]: SECRET }).info('text') }), /correct-horse/, name)
    }
  })

  test('of errors what is text, and not what drivers hang on them', () => {
    const cause = Object.assign(new Error('refused'), { code: 'WRONGPASS', command: { name: 'auth', args: [SECRET] }, parameters: [SECRET] })
    for (const fields of [{ err: new Error('away', { cause }) }, { error: cause }, { nested: { reason: cause } }]) {
      const line = lineOf((log) => { log.error(fields, 'text') })
      assert.doesNotMatch(line, /correct-horse/)
      assert.match(line, /"code":"WRONGPASS","message":"refused","stack":"Error: /)
    }
    assert.doesNotMatch(lineOf((log) => { log.error(cause) }), /correct-horse/)
  })

  test('known secrets and what looks like one are taken out of every text', () => {
    const secrets = ['p"a\\ss word/with signs', ...passwordsOf(`postgresql://u:${encodeURIComponent('geheim/geheim=')}@h:1/d`, undefined, 'no address', 'redis://h')]
    assert.deepEqual(secrets.slice(1), ['geheim%2Fgeheim%3D', 'geheim/geheim='])
    const scrub = scrubber(secrets)
    for (const secret of [...secrets, encodeURIComponent(secrets[0]!), JSON.stringify(secrets[0]).slice(1, -1)]) assert.equal(scrub(`a ${secret} b`), 'a [redacted] b')
    for (const [text, clean] of [
      ['at redis://:hunter2@host:6379/0', 'at redis://[redacted]@host:6379/0'], ['postgresql://user:hunter2@h/d?x=1', 'postgresql://[redacted]@h/d?x=1'], ['https://host/a?b=1', 'https://host/a?b=1'],
      ['Authorization: Bearer abcdefghijk', 'Authorization: Bearer [redacted]'], ['GET /x?X-Amz-Signature=abc&y=2', 'GET /x?X-Amz-Signature=[redacted]&y=2'],
      ["Unexpected token 'h', \"hunter2\" is not valid JSON", 'Unexpected text is not valid JSON'],
    ] as const) assert.equal(scrub(text), clean)
    assert.equal(scrubber(['short'])('a short text'), 'a short text')
  })

  test('control characters are escaped, in JSON and in text', () => {
    const name = 'a\u001b[31m\u009b5m\u007f\u202egpj.keras\nsecond'
    const json = lineOf((log) => { log.info({ name }, `file ${name}`) })
    // eslint-disable-next-line no-control-regex
    assert.doesNotMatch(json.slice(0, -1), /[\u0000-\u001f\u007f-\u009f\u202e]/)
    assert.equal((JSON.parse(json) as { name: string }).name, name)
    const text = lineOf((log) => { log.info({ name }, `file ${name}`) }, { format: 'text' })
    // eslint-disable-next-line no-control-regex
    assert.doesNotMatch(text.slice(0, -1), /[\u0000-\u001f\u007f-\u009f\u202e]/)
    assert.match(text, /^\d\d:\d\d:\d\d api: file a\\u001b\[31m.* name=a\\u001b/)
  })

  test('as text: level where it is not info, fields, the stack of an error; other lines as they are', () => {
    assert.match(lineOf((log) => { log.warn({ jobId: 'job_1', traceId: 'x' }, 'text') }, { format: 'text' }), /^\S+ WARN api: text jobId=job_1\n$/)
    assert.match(lineOf((log) => { log.error({ err: new Error('broken') }, 'text') }, { format: 'text' }), /^\S+ ERROR api: text\n {4}Error: broken\n {4}at /)
    for (const line of ['plain', '{"level":"none"}', '{"level":', '[]']) assert.equal(prettyLine(`${line}\u001b\n`), `${line}\\u001b\n`)
  })
})
