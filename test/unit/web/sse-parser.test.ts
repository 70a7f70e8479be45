/** The reader of Server-Sent Events: the examples of the HTML standard, and the same however the text is cut. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { EventParser } from '../../../src/web/api/sse-parser.ts'

const read = (...pieces: string[]) => {
  const parser = new EventParser()
  return pieces.flatMap((piece) => parser.push(piece)).map(({ event, data, id }) => [event, data, id])
}

describe('the reader of events', () => {
  // https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
  test('the examples of the standard', () => {
    assert.deepEqual(read('data: YHOO\ndata: +2\ndata: 10\n\n'), [['message', 'YHOO\n+2\n10', '']])
    assert.deepEqual(read(': test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n\n'), [['message', 'first event', '1'], ['message', 'second event', ''], ['message', ' third event', '']])
    assert.deepEqual(read('data\n\ndata\ndata\n\ndata:'), [['message', '', ''], ['message', '\n', '']])
    assert.deepEqual(read('data:test\n\ndata: test\n\n'), [['message', 'test', ''], ['message', 'test', '']])
    assert.deepEqual(read('event: add\ndata: 73857293\n\nevent: remove\ndata: 2153\n\nevent: add\ndata: 113411\n\n').map(([event]) => event), ['add', 'remove', 'add'])
  })

  test('an id stays until another comes; what is unfinished is nothing yet; retry is kept', () => {
    const parser = new EventParser()
    assert.deepEqual(parser.push('id: 118.1.-1\nevent: state\ndata: {}\n\ndata: {}\n\ndata: {"a"').map(({ id }) => id), ['118.1.-1', '118.1.-1'])
    parser.push('\n\nretry: 2500\nretry: soon\nid: a\0b\n\n')
    assert.deepEqual([parser.retryMs, parser.lastId], [2500, '118.1.-1'])
  })

  test('however the text is cut, with every kind of line end', () => {
    const text = 'event: state\nid: 1\ndata: {"a": 1}\n\n: comment\n\ndata: ü\ndata: zwei\n\n'
    fc.assert(fc.property(fc.array(fc.nat(text.length * 2), { maxLength: 12 }), fc.constantFrom('\n', '\r\n'), (cuts, end) => {
      const written = text.replaceAll('\n', end)
      const places = [0, ...cuts.map((cut) => Math.min(cut, written.length)).sort((a, b) => a - b), written.length]
      const pieces = places.slice(1).map((to, index) => written.slice(places[index], to))
      assert.deepEqual(read(...pieces), [['state', '{"a": 1}', '1'], ['message', 'ü\nzwei', '1']])
    }))
  })
})
