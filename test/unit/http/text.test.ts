/** The small text pieces of the API: suggestions, labels, CSV, HTML, numbers, fingerprints. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { Type } from 'typebox'
import { ERROR_CODES, EspalierError } from '../../../src/errors.ts'
import { fingerprintOf } from '../../../src/http/answers.ts'
import { toCsv } from '../../../src/http/csv.ts'
import { STATUS_OF_CODE, toProblem } from '../../../src/http/problems.ts'
import { html } from '../../../src/http/report/html.ts'
import { bytes, percent, rounded } from '../../../src/http/report/numbers.ts'
import { unknownName } from '../../../src/http/unknown-name.ts'
import { labelOf } from '../../../src/http/uploads/receive.ts'
import { validated, validatedText } from '../../../src/http/validation.ts'

test('an unknown name is answered with what is near, else with what there is', () => {
  assert.equal(unknownName('key', 'datset', ['model', 'dataset']), 'unknown key "datset": did you mean "dataset"?')
  assert.equal(unknownName('key', 'xyzzyxyzzy', ['a', 'b']), 'unknown key "xyzzyxyzzy": known are a, b')
  assert.equal(unknownName('key', 'x', []), 'unknown key "x": none is taken here')
})

test('labels hold no path and no control characters', () => {
  assert.equal(labelOf('C:\\models\\net.keras'), 'net.keras')
  assert.equal(labelOf('/'), 'unnamed')
  assert.equal(labelOf('..'), 'unnamed')
  fc.assert(fc.property(fc.string(), (name) => {
    const label = labelOf(name)
    // eslint-disable-next-line no-control-regex
    assert.ok(label.length > 0 && label.length <= 200 && !/[/\\\u0000-\u001f]/.test(label))
  }))
})

test('CSV quotes what needs it and defuses formulas', () => {
  const columns = { a: (row: { a: string, b: number | null }) => row.a, b: (row: { a: string, b: number | null }) => row.b }
  assert.equal(toCsv(columns, [{ a: 'x,"y"\n', b: -1 }, { a: '=1+1', b: null }]), 'a,b\r\n"x,""y""\n",-1\r\n\'=1+1,\r\n')
})

test('HTML escapes everything but HTML', () => {
  assert.equal(html`<p title="${'"'}">${'<b>&\''}${html`<i>${1}</i>`}</p>`.html, '<p title="&quot;">&lt;b&gt;&amp;&#39;<i>1</i></p>')
})

test('numbers as people read them', () => {
  assert.deepEqual([bytes(999), bytes(5_210_000), percent(0.9), percent(null), rounded(0.123456), rounded(null)], ['999 B', '5.21 MB', '90 %', '–', '0.1235', '–'])
})

test('fingerprints ignore the order of keys and nothing else', () => {
  assert.equal(fingerprintOf({ a: 1, b: [{ c: 2, d: 3 }] }), fingerprintOf({ b: [{ d: 3, c: 2 }], a: 1 }))
  assert.notEqual(fingerprintOf({ a: [1, 2] }), fingerprintOf({ a: [2, 1] }))
  assert.notEqual(fingerprintOf({ a: '1' }), fingerprintOf({ a: 1 }))
  fc.assert(fc.property(fc.jsonValue(), fc.jsonValue(), (a, b) => {
    const same = (value: unknown) => JSON.parse(JSON.stringify(value)) as unknown
    assert.equal(fingerprintOf(a), fingerprintOf(same(a)))
    if (fingerprintOf(a) === fingerprintOf(b)) assert.deepEqual(same(a), same(b))
  }))
})

describe('problems', () => {
  const where = { path: '/v1/jobs', requestId: 'r1' }

  test('every code has a status that is an error', () => {
    assert.deepEqual(Object.keys(STATUS_OF_CODE).sort(), Object.keys(ERROR_CODES).sort())
    for (const status of Object.values(STATUS_OF_CODE)) assert.ok(status >= 400 && status < 600)
  })

  test('details extend the document but never replace its own members', () => {
    const problem = toProblem(new EspalierError('conflict', 'no', { state: 'running', status: 1, code: 'x' }), where)
    assert.deepEqual(problem, { type: 'urn:espalier:problem:conflict', title: ERROR_CODES.conflict, status: 409, detail: 'no', instance: '/v1/jobs', code: 'conflict', requestId: 'r1', state: 'running' })
  })

  test('an internal error tells nothing of itself', () => {
    const problem = toProblem(new EspalierError('internal', 'secret', { secret: 1 }), where)
    assert.ok(!JSON.stringify(problem).includes('secret'))
  })
})

describe('validation', () => {
  const schema = Type.Object({ limit: Type.Integer({ minimum: 1, default: 20 }), state: Type.Optional(Type.Enum(['queued', 'running'])) }, { additionalProperties: false })

  test('text becomes numbers, defaults are filled in', () => {
    assert.deepEqual(validatedText(schema, { limit: '7' }, 'query'), { limit: 7 })
    assert.deepEqual(validatedText(schema, {}, 'query'), { limit: 20 })
  })

  test('every wrong place is named', () => {
    assert.throws(() => validatedText(schema, { limit: 'x', state: 'done', lmit: 1 }, 'query'), (error: EspalierError) => {
      assert.equal(error.code, 'invalid-request')
      assert.deepEqual((error.details['errors'] as Array<{ path: string, message: string }>).sort((a, b) => a.path < b.path ? -1 : 1), [
        { path: '/limit', message: 'must be integer' },
        { path: '/lmit', message: 'unknown key "lmit": did you mean "limit"?' },
        { path: '/state', message: 'must be one of queued, running' },
      ])
      return true
    })
    assert.throws(() => validated(schema, { state: 'queued' }, 'body'), /body: \/limit is needed/)
    assert.throws(() => validated(schema, null, 'body'), /body: must be object/)
  })
})
