import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { Edit } from '../../src/sip/edit.js'

interface Change {
  readonly from: number
  readonly to: number
  readonly text: string
}

const latin1 = fc.integer({ min: 0, max: 255 }).map((c) => String.fromCharCode(c))
const text = fc.oneof(fc.string({ unit: latin1, maxLength: 8 }), fc.string({ unit: latin1, maxLength: 120 }))

/** Changes that do not overlap, in the order of their places. */
function changesOf(length: number): fc.Arbitrary<Change[]> {
  return fc.array(fc.tuple(fc.nat(length), fc.nat(length), text), { maxLength: 8 }).map((drafts) => {
    const changes: Change[] = []
    let free = 0
    for (const [a, b, replacement] of drafts.toSorted(
      (one, other) => Math.min(one[0], one[1]) - Math.min(other[0], other[1]),
    )) {
      const from = Math.max(free, Math.min(a, b))
      // What stands behind an insertion may begin where the insertion is.
      const to = Math.max(from, Math.max(a, b))
      changes.push({ from, to, text: replacement })
      free = to
    }
    return changes
  })
}

const work = fc
  .record({
    before: fc.uint8Array({ maxLength: 20 }),
    message: fc.uint8Array({ maxLength: 300 }),
    after: fc.uint8Array({ maxLength: 20 }),
  })
  .chain(({ before, message, after }) =>
    changesOf(message.length).chain((changes) =>
      fc.record({
        buf: fc.constant(Buffer.concat([before, message, after])),
        start: fc.constant(before.length),
        end: fc.constant(before.length + message.length),
        changes: fc.constant(changes),
        added: shuffled(changes),
      }),
    ),
  )

/** In any order, but insertions at one place, whose order counts. */
function shuffled(changes: readonly Change[]): fc.Arbitrary<Change[]> {
  const places = new Map<number, Change[]>()
  for (const change of changes) places.set(change.from, [...(places.get(change.from) ?? []), change])
  return fc.shuffledSubarray([...places.values()], { minLength: places.size }).map((groups) => groups.flat())
}

/** The same by strings, piece by piece. */
function expected(buf: Buffer, start: number, end: number, changes: readonly Change[]): string {
  const message = buf.toString('latin1', start, end)
  let result = ''
  let from = 0
  for (const change of changes) {
    result += message.slice(from, change.from) + change.text
    from = change.to
  }
  return result + message.slice(from)
}

describe('Edit', () => {
  test('every byte outside of the changes is the same, every change is as asked, and no result is touched later', () => {
    const edit = new Edit()
    fc.assert(
      fc.property(fc.array(work, { maxLength: 6 }), (works) => {
        const results = works.map(({ buf, start, end, added }) => {
          const untouched = Buffer.from(buf)
          edit.begin(buf, start, end)
          for (const { from, to, text } of added) edit.replace(start + from, start + to, text)
          const result = edit.finish()
          assert.ok(buf.equals(untouched), 'the message was written to')
          return result
        })
        for (const [i, { buf, start, end, changes }] of works.entries()) {
          assert.equal(results[i]?.toString('latin1'), expected(buf, start, end, changes))
        }
      }),
      { numRuns: 2000 },
    )
  })

  test('shifted finds every byte that was not changed', () => {
    const edit = new Edit()
    fc.assert(
      fc.property(work, ({ buf, start, end, added }) => {
        edit.begin(buf, start, end)
        for (const { from, to, text } of added) edit.replace(start + from, start + to, text)
        const result = edit.finish()
        const changed = (at: number): boolean => added.some(({ from, to }) => at >= start + from && at < start + to)
        let last = -1
        for (let at = start; at < end; at++) {
          if (changed(at)) {
            assert.throws(() => edit.shifted(at), RangeError)
            continue
          }
          const now = edit.shifted(at)
          assert.equal(result[now], buf[at])
          assert.ok(now > last, 'order is kept')
          last = now
        }
        assert.equal(edit.shifted(end), result.length)
      }),
      { numRuns: 1000 },
    )
  })

  test('changes that overlap are refused in either order', () => {
    const edit = new Edit()
    const buf = Buffer.alloc(40)
    const span = fc.tuple(fc.nat(40), fc.nat(40)).map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const)
    fc.assert(
      fc.property(span, span, ([from1, to1], [from2, to2]) => {
        // Insertions lie between bytes: they overlap with what holds the bytes on both sides.
        const overlap = from1 === to1 && from2 === to2 ? false : from1 < to2 && from2 < to1
        const both = (): void => {
          edit.begin(buf, 0, buf.length)
          edit.replace(from1, to1, 'x')
          edit.replace(from2, to2, 'y')
        }
        if (overlap) assert.throws(both, RangeError)
        else assert.doesNotThrow(both)
      }),
      { numRuns: 2000 },
    )
  })
})
