import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { plainJson } from '../../../src/base/plain-json.js'
import { shownText } from '../../../src/live/messages/shown-text.js'
import type { Stored } from '../../../src/live/messages/stored.js'

/** In the midst of a page, as in the store. */
function stored(bytes: Buffer): Stored {
  const [before, behind] = [Buffer.alloc(3, 0x80), Buffer.alloc(3, 0x80)]
  const entry = { page: Buffer.concat([before, bytes, behind]), start: 3, end: 3 + bytes.length }
  return entry as unknown as Stored
}

const room = fc.nat({ max: 200 })
const characters = fc.string({ unit: 'binary', maxLength: 100 })
const controls = fc.string({
  unit: fc.constantFrom('\u0000', '\u001f', '\u007f', '\u0085', '\u2028', '\u202e', '"', '\n'),
})

test('whatever the bytes, JSON has no more octets than were counted, and there was room for them', () => {
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 100 }).map((octets) => Buffer.from(octets)),
    fc.oneof(characters, controls).map((text) => Buffer.from(text)),
  )
  fc.assert(
    fc.property(bytes, room, (octets, most) => {
      const shown = shownText(stored(octets), most)
      assert.ok(Buffer.byteLength(plainJson(JSON.stringify(shown.text))) - 2 <= shown.octets)
      assert.ok(shown.octets <= most)
    }),
  )
})

test('a text is shown to the last whole character that fits, and the rest is counted', () => {
  fc.assert(
    fc.property(characters, room, (text, most) => {
      const octets = Buffer.from(text)
      const shown = shownText(stored(octets), most)
      assert.ok(octets.toString().startsWith(shown.text))
      assert.equal(Buffer.byteLength(shown.text) + (shown.cut ?? 0), octets.length)
      assert.equal(shown.cut === undefined, shown.text === octets.toString())
    }),
  )
})

test('what fits is shown whole', () => {
  assert.deepEqual(shownText(stored(Buffer.from('INVITE')), 6), { text: 'INVITE', cut: undefined, octets: 6 })
  assert.deepEqual(shownText(stored(Buffer.from('INVITE')), 5), { text: 'INVIT', cut: 1, octets: 5 })
})
