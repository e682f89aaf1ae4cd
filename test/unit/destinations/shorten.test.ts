import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { cutAtBoundary, shortenedEvent } from '../../../src/destinations/shorten.js'
import { facts, keylogLine, tracedEvent } from '../../support/destinations.js'

function cut(text: string, room: number): string {
  const buf = Buffer.from(`prefix${text}`)
  return buf.subarray(6, cutAtBoundary(buf, 6, room)).toString()
}

test('a message is cut after the last line that fits', () => {
  assert.equal(cut('one\r\ntwo\r\nthree\r\n', 12), 'one\r\ntwo\r\n')
  assert.equal(cut('one\r\ntwo\r\nthree\r\n', 10), 'one\r\ntwo\r\n')
})

test('one long line is cut between characters', () => {
  assert.equal(cut('äöü', 6), 'äöü')
  assert.equal(cut('äöü', 5), 'äö')
  assert.equal(cut('a€b', 3), 'a')
  assert.equal(cut('😀😀', 7), '😀')
})

test('a line that ended long before is no reason to lose the rest', () => {
  assert.equal(cut(`a\r\n${'x'.repeat(10_000)}`, 9000).length, 9000)
})

test('octets that are no UTF-8 are cut where the room ends, within three octets', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 300 }), fc.nat(), (octets, n) => {
      const buf = Buffer.from(octets)
      const room = 1 + (n % buf.length)
      const end = cutAtBoundary(buf, 0, room)
      const line = buf.subarray(0, room).lastIndexOf(0x0a)
      assert.ok(end <= room)
      assert.ok(line >= 0 ? end === line + 1 : end >= room - 3)
    }),
  )
})

const san = Array.from({ length: 500 }, (_, i) => `DNS:höst${i}.example`).join(', ')
const certificate = { subject: '/CN=a', issuer: '/CN=b', serial: '01', san, notBefore: '', notAfter: '', sha256: 'ab' }

test('an event loses its key log first, then its longest fields, and stays JSON that says so', () => {
  const event = tracedEvent({
    facts: facts({ keylog: Array.from({ length: 50 }, () => keylogLine), peerCertificate: certificate }),
  })
  for (const form of ['log', 'opensips'] as const) {
    const spacious = shortenedEvent(event, form, true, 100_000, 14_000)!.toString()
    const fields = JSON.parse(spacious.split('\n').at(-1)!)
    assert.match(fields.keylog, /truncated by hepgate/)
    assert.ok(fields['client-san'] === san, 'long, but it fits')

    const tight = shortenedEvent(event, form, true, 100_000, 4000)!
    assert.ok(tight.length <= 4000)
    const left = JSON.parse(tight.toString().split('\n').at(-1)!)
    assert.match(left['client-san'], /^DNS:höst0.*truncated by hepgate\]$/)
    assert.equal(left.truncated, 'shortened from 100000 octets')
    assert.equal(left['client-sha256'], 'ab')
    assert.equal(tight.toString().startsWith('{'), form === 'opensips')
  }
})

test('an event without room for anything is given up', () => {
  assert.equal(shortenedEvent(tracedEvent(), 'log', false, 70_000, 100), undefined)
})
