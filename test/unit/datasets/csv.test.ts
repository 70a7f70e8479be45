/** CSV against the numbers that Python's csv module and numpy wrote, and tables that are refused by line and column. */
import { describe, test } from 'node:test'
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import fc from 'fast-check'
import { readDataset, sniffDataset, summarizeDataset } from '../../../src/datasets/index.ts'
import { byCodePoints } from '../../../src/datasets/formats/table.ts'
import { bytesInMemory, type ByteSource } from '../../../src/models/bytes.ts'
import { assertExamples, assertRefused, assertSurvivesDamage, expectationsOf, openDataset } from '../../support/dataset-files.ts'

const FOLDER = 'test/fixtures/tables'
const expected = expectationsOf(FOLDER)
const text = (content: string): ByteSource => bytesInMemory(new TextEncoder().encode(content))
const all = async (content: string) => {
  const { splits, ...facts } = await readDataset(text(content))
  const { examples, features, targets } = splits.all!
  return { ...facts, x: [...await features[0]!.read(0, examples)], y: [...await targets[0]!.read(0, examples)] }
}

describe('csv', () => {
  test('tables as Python wrote them', async () => {
    for (const name of ['plain.csv', 'no-header.csv', 'quoted.csv', 'savetxt.csv']) {
      const file = await openDataset(`${FOLDER}/${name}`)
      await assertExamples(file.splits.all, expected(name), name)
      assert.deepEqual([file.format, file.classes, file.classNames], ['csv', expected(name).classes, expected(name).classNames], name)
    }
  })

  test('nan and inf are numbers of features, as they are in npz', async () => {
    const { splits, classes } = await openDataset(`${FOLDER}/tabs.csv`)
    const { examples, features, targets } = splits.all!
    const plain = (value: number) => Number.isNaN(value) ? -12345 : value === Infinity ? Math.fround(1e38) : value === -Infinity ? Math.fround(-1e38) : value
    assert.deepEqual([...await features[0]!.read(0, examples)].map(plain), expected('tabs.csv').features[0]!.values.map(Math.fround))
    assert.deepEqual([...await targets[0]!.read(0, examples)], expected('tabs.csv').targets[0]!.values.map(Math.fround))
    assert.deepEqual([targets[0]!.type, classes], ['float32', undefined])
  })

  test('the summary tells shapes and class names', async () => {
    assert.deepEqual(summarizeDataset(await openDataset(`${FOLDER}/no-header.csv`)), {
      format: 'csv', examples: 40, features: [5], targets: [], classes: 3, classNames: ['setosa', 'versicolor', 'virginica'], splits: { all: 40 }, inputs: { scale: 1, offset: 0 },
    })
  })

  test('where a header begins and which column is the target', async () => {
    const x = [1, 2, 3, 4]
    assert.deepEqual(await all('a,b,c\n1,2,0\n3,4,1\n'), { format: 'csv', classes: 2, x, y: [0, 1] })
    assert.deepEqual(await all('1,2,0\n3,4,1'), { format: 'csv', classes: 2, x, y: [0, 1] })
    assert.deepEqual(await all('CLASS,0,1\r\n5,1,2\r\n6,3,4'), { format: 'csv', classes: 7, x, y: [5, 6] })
    assert.deepEqual(await all('a\ty\tb\n\n1\t-1\t2\n\n3\t0\t4\n\n'), { format: 'csv', x, y: [-1, 0] })
    assert.deepEqual(await all('sep=;\r\na;b;c\r\n1;2;0,5\r\n3;4;x\r\n'), { format: 'csv', classes: 2, classNames: ['0,5', 'x'], x, y: [0, 1] })
    assert.deepEqual(await all('a;"b,,,,,";c\n1; 2 ;.5\n3;4.;+1e0\n'), { format: 'csv', x, y: [0.5, 1] })
  })

  test('columns and classes may be named like properties of objects', async () => {
    assert.deepEqual(await all('__proto__,constructor,y\n1,2,__proto__\n3,4,toString\n'), { format: 'csv', classes: 2, classNames: ['__proto__', 'toString'], x: [1, 2, 3, 4], y: [0, 1] })
    assert.equal(({} as Record<string, unknown>).polluted, undefined)
  })

  test('classes stand in the order of Python\'s sorted', () => {
    // python3: sorted(["\U0001F334", "\uffee", "b", "ab", "a", "B", "é"])
    assert.deepEqual(['\u{1F334}', '\uffee', 'b', 'ab', 'a', 'B', 'é'].sort(byCodePoints), ['B', 'a', 'ab', 'b', 'é', '\uffee', '\u{1F334}'])
  })

  test('what is written is read, however it is quoted and however long it is', async () => {
    const field = fc.string({ unit: fc.constantFrom('"', ',', '\n', '\r\n', 'a', ' ', 'ü', ';', 'z'), minLength: 1, maxLength: 5 }).map((name) => `k${name}k`)
    await fc.assert(fc.asyncProperty(fc.array(fc.tuple(fc.float({ noNaN: true, noDefaultInfinity: true }), field), { minLength: 1, maxLength: 20 }), async (rows) => {
      const content = `feature,class\r\n${rows.map(([value, name]) => `${value},"${name.replaceAll('"', '""')}"\r\n`).join('')}`
      const found = await all(content)
      assert.deepEqual(found.y.map((place) => found.classNames![place]), rows.map(([, name]) => name))
      assert.deepEqual(found.x.map((value) => value + 0), rows.map(([value]) => value + 0))
    }), { numRuns: 60 })
  })

  test('a file of many blocks is read in pieces and not held', async () => {
    const rows = 60_000
    const bytes = new TextEncoder().encode(`a,b,label\n${Array.from({ length: rows }, (_, row) => `${row},${row / 8},"${row % 3 === 0 ? 'x\n""y' : 'z'}"\n`).join('')}`)
    let largest = 0
    const file = await readDataset({ size: bytes.length, async read (offset, length) { largest = Math.max(largest, length); return bytes.subarray(offset, offset + length) } })
    const { examples, features, targets } = file.splits.all!
    assert.deepEqual([examples, file.classNames], [rows, ['x\n"y', 'z']])
    assert.ok(bytes.length > 3 * largest, `${largest} bytes at once`)
    for (const row of [0, 1, 20_000, 59_999, 30_000, 3]) {
      assert.deepEqual([...await features[0]!.read(row, row + 1), ...await targets[0]!.read(row, row + 1)], [row, row / 8, row % 3 === 0 ? 0 : 1])
    }
    const some = await features[0]!.read(5000, 45_000)
    assert.ok(some.every((value, index) => value === (5000 + (index >> 1)) / (index % 2 === 0 ? 1 : 8)))
  })

  test('what is refused, with its line and column', async () => {
    const cases: Array<[string, RegExp]> = [
      ['a,b,y\n1,2,0\n1,two,0\n', /^line 3, column "b": "two" is no number/],
      ['1,2,0\n\n1,0x10,0\n', /^line 3, column 2: "0x10" is no number/],
      ['a,b,y\n1,,0\n', /^line 2, column "b" is empty/],
      ['a,b,y\n1,2, \n', /^line 2, column "y" is empty/],
      ['a,b,y\n1,2,0\n1,2\n', /^line 3 has 2 fields, the first one has 3/],
      ['a,b,y\n1,2,0\n1,2,3,4\n', /^line 3 has 4 fields/],
      ['a,b,y\n"1\n2",2,0\n1,2,0\n', /^line 2, column "a"/],
      ['a,b,y\n1,"2\n",0\n1,x,0\n', /^line 4, column "b"/],
      ['a,b,y\n1,2,0\n1,"2,0\n', /^line 3: a quote is opened and never closed/],
      ['a,b,y\n1,2"2,0\n', /^line 2: a quote within a field/],
      ['a,b,y\n1,"2"2,0\n', /^line 2: "2" follows the quote/],
      ['a,b,y\n1,2,0\n1,2,cat\n', /^line 3, column "y": "cat" is no number, but line 2 has a number/],
      ['a,b,y\n1,2,cat\n1,2,1\n', /^line 3, column "y": "1" is a number, but line 2 has a name/],
      ['a,y,label\n1,2,0\n', /"y" and "label" are both named as the target/],
      ['a,a,y\n1,2,0\n', /two columns are named "a"/],
      [',a,y\n0,1,2\n', /^line 1: column 1 has no name; pandas writes its index so/],
      ['a,b,y\n', /the table has no rows/],
      ['a;b;y\n1,5;2;0\n', /^line 2, column "a": "1,5" is no number/],
      ['a,b,y\n1,1e,0\n', /^line 2, column "b": "1e" is no number/],
      [`a,b,y\n1,${'1'.repeat(300_000)}x,0\n`, /^line 2, column "b": "1{40}\.\.\." is no number/],
    ]
    for (const [content, message] of cases) await assertRefused(text(content), message)
  })

  test('what is past the limits', async () => {
    await assertRefused(text(`a,y\n1,"${'x'.repeat(5 * 2 ** 20)}`), /^line 2: a record of more than 4194304 bytes; is a quote left open/, 'limit-exceeded')
    await assertRefused(text(`a,y\n1,${'x'.repeat(300)}\n`), /class name .* has 300 characters/, 'limit-exceeded')
    await assertRefused(text(`a,y\n${Array.from({ length: 65_537 }, (_, row) => `1,n${row}\n`).join('')}`), /^line 65538, column "y": more than 65536 different class names/, 'limit-exceeded')
    await assertRefused(text(`${'1,'.repeat(65_537)}1\n`), /65538 columns, at most 65536/, 'limit-exceeded')
  })

  test('bytes that are no text, and text that is no table', async () => {
    await assertRefused(bytesInMemory(Uint8Array.of(0x61, 0x2c, 0x79, 0x0a, 0x31, 0x2c, 0xff)), /the file is nothing that is known here/, 'unsupported-format')
    await assertRefused(bytesInMemory(Uint8Array.from(Buffer.from('\ufeffa,y\n1,2\n', 'utf16le'))), /UTF-16 text; a table is read as UTF-8/, 'unsupported-format')
    for (const content of ['{"a": 1, "b": 2}', '[1, 2]', '<a>1,2</a>', '%PDF-1.7,', 'a\n1\n2\n', 'one, \0 two', 'sep=|\n1|2\n', '\n\n']) await assertRefused(text(content), /the file is nothing that is known here/, 'unsupported-format')
    const late = new TextEncoder().encode(`a,y\n${'1,2\n'.repeat(100_000)}`)
    late[399_000] = 0xff
    await assertRefused(bytesInMemory(late), /at line \d+ or behind it there is text that is not UTF-8/)
    assert.equal(await sniffDataset(text('a,y\n1,2\n')), 'csv')
  })

  test('300 damaged tables', async () => {
    await assertSurvivesDamage(await Promise.all(['plain.csv', 'quoted.csv', 'tabs.csv'].map(async (name) => await readFile(`${FOLDER}/${name}`))), 300)
  })
})
