/** JSON written again: what did not change keeps its letters. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { respelled as respelledBy, spellingOf } from '../../../src/models/formats/json-spelling.ts'
import { bytesOf, entryOf } from './formats-helpers.ts'

const respelled = (text: string, value: unknown): string => respelledBy(spellingOf(text), value)

describe('respelled', () => {
  test('the configurations that Keras wrote come out letter by letter', async () => {
    for (const file of ['models/resnet8.keras', 'formats/nested.keras', 'formats/sequences.keras', 'formats/types.keras']) {
      const text = new TextDecoder().decode(await entryOf(bytesOf(`test/fixtures/${file}`), 'config.json'))
      assert.equal(respelled(text, JSON.parse(text)), text)
    }
  })

  test('numbers keep their form where they have the same value, and only there', () => {
    const text = '{"rate": 1.0, "units": 8, "epsilon": 1e-07, "names": ["\\u00e4", "b"], "more": {"scale": 2.0, "seed": 12345678901234567890}}'
    const value = JSON.parse(text) as { more: object }
    assert.equal(respelled(text, value), text)
    assert.equal(respelled(text, { ...value, units: 5 }), text.replace('8,', '5,'))
    assert.equal(respelled(text, { ...value, rate: 2 }), text.replace('1.0', '2'))
    assert.equal(respelled(text, { ...value, more: { ...value.more, scale: [2] } }), text.replace('2.0', '[2]'))
    assert.equal(respelled(text, { ...value, rate: undefined, extra: { a: null } }), text.replace('"rate": 1.0, ', '').replace('}}', '}, "extra": {"a": null}}'))
    assert.equal(respelled('{"a":[1.0,{}],"b":[ ]}', { a: [1, {}, true], b: [] }), '{"a":[1.0,{},true],"b":[]}')
  })

  test('the last of several members of one name counts, as for the reader; a member __proto__ is one like any other', () => {
    const text = '{"a":1.0,"a":2.0,"__proto__":{"b":3.0}}'
    assert.equal(respelled(text, JSON.parse(text)), '{"a":2.0,"__proto__":{"b":3.0}}')
  })

  test('any value in place of any other reads back as it is', () => {
    fc.assert(fc.property(fc.json(), fc.jsonValue(), fc.nat(4), (before, after, blanks) => {
      const text = blanks === 0 ? before : JSON.stringify(JSON.parse(before), null, blanks)
      assert.deepEqual(JSON.parse(respelled(text, after)), JSON.parse(JSON.stringify(after)))
      assert.deepEqual(JSON.parse(respelled(text, JSON.parse(text))), JSON.parse(text))
    }))
  })
})
