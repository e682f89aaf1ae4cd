import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Edit } from '../../../src/sip/edit.js'

const around = '######'
const message = Buffer.from(`${around}0123456789${around}`)
const start = around.length
const end = message.length - around.length

/** [from, to) of the ten digits becomes text. */
type Change = readonly [from: number, to: number, text: string]

function edited(changes: readonly Change[], edit = new Edit()): string {
  edit.begin(message, start, end)
  for (const [from, to, text] of changes) {
    if (from === to) edit.insert(start + from, text)
    else if (text === '') edit.remove(start + from, start + to)
    else edit.replace(start + from, start + to, text)
  }
  return edit.finish().toString('latin1')
}

describe('Edit', () => {
  const anyLatin1 = Array.from({ length: 256 }, (_, c) => String.fromCharCode(c)).join('')

  for (const [what, changes, expected] of [
    ['without changes the copy is the message', [], '0123456789'],
    [
      'inserts, removes and replaces, in any order',
      [
        [5, 7, 'xyz'],
        [0, 0, 'a'],
        [2, 4, ''],
        [10, 10, 'end'],
      ],
      'a014xyz789end',
    ],
    [
      'what is inserted at one place keeps its order, before what is removed or replaced there',
      [
        [3, 4, 'R'],
        [3, 3, 'a'],
        [4, 4, 'c'],
        [3, 3, 'b'],
      ],
      '012abRc456789',
    ],
    [
      'changes may touch',
      [
        [4, 6, ''],
        [2, 4, 'x'],
        [6, 7, ''],
      ],
      '01x789',
    ],
    ['all can go', [[0, 10, '']], ''],
    ['text that is long keeps every byte of Latin-1', [[5, 5, anyLatin1]], `01234${anyLatin1}56789`],
  ] satisfies [string, Change[], string][]) {
    test(what, () => assert.equal(edited(changes), expected))
  }

  for (const [what, changes] of [
    [
      'the same place twice',
      [
        [2, 4, ''],
        [2, 4, ''],
      ],
    ],
    [
      'the end of another',
      [
        [2, 5, ''],
        [4, 6, 'x'],
      ],
    ],
    [
      'the beginning of another',
      [
        [4, 6, ''],
        [2, 5, ''],
      ],
    ],
    [
      'all of another',
      [
        [4, 5, ''],
        [2, 8, ''],
      ],
    ],
    [
      'an insertion',
      [
        [4, 4, 'x'],
        [3, 5, ''],
      ],
    ],
    [
      'what is removed, by an insertion',
      [
        [3, 5, ''],
        [4, 4, 'x'],
      ],
    ],
  ] satisfies [string, Change[]][]) {
    test(`a change over ${what} is refused`, () => assert.throws(() => edited(changes), /overlap/))
  }

  for (const change of [
    [-1, 3, ''],
    [8, 11, ''],
    [5, 4, ''],
  ] satisfies Change[]) {
    test(`a change of [${change[0]}, ${change[1]}) is refused`, () => {
      assert.throws(() => edited([change]), /outside/)
    })
  }

  test('text beyond Latin-1 is refused, short or long: U+010A would leave as a line feed', () => {
    for (const text of ['\u010a', `${'x'.repeat(100)}\u010a`]) {
      assert.throws(() => edited([[0, 0, text]]), /Latin-1/)
    }
  })

  test('says where bytes lie in the result', () => {
    const edit = new Edit()
    const changed = edited(
      [
        [0, 0, 'ab'],
        [3, 5, 'x'],
        [7, 8, ''],
      ],
      edit,
    )
    assert.equal(changed, 'ab012x5689')
    for (const digit of ['0', '1', '2', '5', '6', '8', '9']) {
      assert.equal(edit.shifted(start + Number(digit)), changed.indexOf(digit), digit)
    }
    assert.equal(edit.shifted(end), changed.length)
    assert.throws(() => edit.shifted(start + 4), RangeError)
  })

  test('leaves the message as it is', () => {
    edited([
      [0, 0, 'x'.repeat(50)],
      [2, 8, ''],
    ])
    assert.equal(message.toString(), `${around}0123456789${around}`)
  })

  test('results lie side by side and are never written again', () => {
    const edit = new Edit()
    const results = Array.from({ length: 20_000 }, (_, i) => {
      edit.begin(message, start, end)
      // Growing first and shrinking later needs room behind the result that is none of it.
      edit.insert(start, `<${i}>`.repeat(i % 7))
      edit.remove(start + 5, end)
      return edit.finish()
    })
    let together = 0
    for (const [i, result] of results.entries()) {
      assert.equal(result.toString(), `${`<${i}>`.repeat(i % 7)}01234`)
      const next = results[i + 1]
      if (next?.buffer === result.buffer && next.byteOffset === result.byteOffset + result.length) together++
    }
    const slabs = new Set(results.map((result) => result.buffer)).size
    assert.ok(slabs > 1, `${slabs} slabs`)
    assert.equal(together, results.length - slabs)
  })

  test('a message larger than a slab gets memory of its own, and the next lies where it would have', () => {
    const edit = new Edit()
    const large = Buffer.alloc(200_000, 'l')
    const [small, big, next] = [message, large, message].map((buf) => {
      edit.begin(buf, 0, buf.length)
      edit.insert(0, 'x')
      return edit.finish()
    })
    assert.ok(small && big && next)
    assert.equal(big.toString(), `x${large.toString()}`)
    assert.notEqual(big.buffer, small.buffer)
    assert.equal(next.byteOffset, small.byteOffset + small.length)
  })
})
