/** What the dashboard writes: recipes as YAML that reads back the same, commands with the same body, numbers and times as people read them. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { parse } from 'yaml'
import { bytes, count, figure, percent, signed } from '../../../src/web/format/numbers.ts'
import { targetText } from '../../../src/web/format/recipe.ts'
import { duration } from '../../../src/web/format/time.ts'
import { toYaml } from '../../../src/web/format/yaml.ts'
import { bodyOf, curlCommand } from '../../../src/web/pages/job/commands.ts'

const JOB = { model: 'mdl_1', dataset: 'dst_1', recipe: { method: 'magnitude', layers: [{ match: "it's *", skip: true }], target: { sparsity: 0.9 } }, priority: 3, needs: {}, limits: { timeSeconds: 60 } }

describe('texts of the dashboard', () => {
  test('a library for YAML reads what was written as the same values', () => {
    assert.equal(toYaml({ method: 'gradual', target: { sparsity: 0.9 }, layers: [{ match: 'conv2d*', skip: true }], output: null }), 'method: gradual\ntarget:\n  sparsity: 0.9\nlayers:\n  -\n    match: "conv2d*"\n    skip: true\noutput: null\n')
    fc.assert(fc.property(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 4 })), (value) => {
      const plain = JSON.parse(JSON.stringify(value)) as unknown
      assert.deepEqual(parse(toYaml(plain)), plain)
    }), { examples: [[{ a: 'yes', b: 'null', c: '1e3', d: '0x10', e: ' ', f: [], g: {}, h: 'a: b', i: '-', j: [[1, [2]], []], k: '.inf', l: '1_000', m: 'y' }]] })
  })

  test('the commands send the same job', () => {
    assert.deepEqual(bodyOf(JOB), { model: 'mdl_1', dataset: 'dst_1', recipe: JOB.recipe, priority: 3, limits: { timeSeconds: 60 } })
    const command = curlCommand({ job: JOB, base: 'http://127.0.0.1:8080', withKey: true })
    assert.match(command, /^curl --fail-with-body http:\/\/127\.0\.0\.1:8080\/v1\/jobs \\\n {2}-H "Authorization: Bearer \$ESPALIER_KEY" \\\n/)
    assert.ok(command.includes("it'\\''s *"))
  })

  test('numbers, sizes, shares, durations', () => {
    assert.deepEqual([count(431080), count(null), bytes(0), bytes(999), bytes(1000), bytes(5_210_000), bytes(868_400), bytes(12_340_000_000)], ['431,080', '–', '0 B', '999 B', '1 kB', '5.21 MB', '868 kB', '12.3 GB'])
    assert.deepEqual([percent(0.9), percent(0.9954, 2), figure(0.00001234), figure(0.28937), figure(0), signed('8.1', -1), signed('8.1', 1)], ['90 %', '99.54 %', '1.23e-5', '0.2894', '0', '−8.1', '+8.1'])
    assert.deepEqual([0.25, 5, 59.4, 60, 125, 3600, 3725].map(duration), ['250 ms', '5 s', '59 s', '1 min', '2 min 5 s', '1 h', '1 h 2 min'])
  })

  test('targets in words', () => {
    assert.deepEqual([{ sparsity: 0.9 }, { macs: 0.5 }, { params: 50_000 }, { bytes: 300_000, as: 'gzip' as const }, { maxAccuracyDrop: 0.005 }, { threshold: 0.5, unit: 'std' as const }, null].map(targetText),
      ['90 % sparsity', '50 % of MACs', '50K of parameters', '300 kB (gzip)', 'at most 0.5 points of accuracy lost', '|w| ≤ 0.5 σ', 'no target'])
  })
})
