import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  decryptionSecrets,
  enhancedPacket,
  interfaceDescription,
  nameResolution,
  sectionHeader,
} from '../../../src/live/capture/pcapng.js'

/** Expected bytes, written by hand: groups of hex, and texts in quotation marks. */
function bytes(...parts: readonly string[]): string {
  return parts
    .map((part) => (part.startsWith("'") ? Buffer.from(part.slice(1, -1)).toString('hex') : part.replaceAll(' ', '')))
    .join('')
}

test('a section says who wrote it, and that its length is not known', () => {
  assert.equal(
    sectionHeader({ hardware: 'x64', os: 'linux', application: 'hepgate 0.1.0' }).toString('hex'),
    bytes(
      '0a0d0d0a 48000000 4d3c2b1a 0100 0000 ffffffffffffffff',
      '0200 0300',
      "'x64'",
      '00',
      '0300 0500',
      "'linux'",
      '000000',
      '0400 0d00',
      "'hepgate 0.1.0'",
      '000000',
      '0000 0000',
      '48000000',
    ),
  )
})

test('an interface is Ethernet, takes whole packets and counts in microseconds', () => {
  assert.equal(
    interfaceDescription('edge', 'phones').toString('hex'),
    bytes(
      '01000000 34000000 0100 0000 00000000',
      '0200 0400',
      "'edge'",
      '0300 0600',
      "'phones'",
      '0000',
      '0900 0100 06 000000',
      '0000 0000',
      '34000000',
    ),
  )
})

test('a packet has its time in two halves, its length twice, its comments and its direction', () => {
  const micros = 1_769_860_800_123_456 // 0x649ad d44b1240
  const packet = { interfaceId: 1, micros, bytes: Buffer.from('abcde'), comments: ['one', 'größe'] }
  assert.equal(
    enhancedPacket({ ...packet, direction: 'in' }).toString('hex'),
    bytes(
      '06000000 48000000 01000000 ad490600 40124bd4 05000000 05000000',
      "'abcde'",
      '000000',
      '0100 0300',
      "'one'",
      '00',
      '0100 0700',
      "'größe'",
      '00',
      '0200 0400 01000000',
      '0000 0000',
      '48000000',
    ),
  )
  const out = enhancedPacket({ ...packet, direction: 'out' }).toString('hex')
  assert.ok(out.includes('0200040002000000'))
})

test('a packet of which nothing more is known has no options at all', () => {
  const packet = { interfaceId: 0, micros: 1, bytes: Buffer.from('abcd'), direction: undefined, comments: [] }
  assert.equal(
    enhancedPacket(packet).toString('hex'),
    bytes('06000000 24000000 00000000 00000000 01000000 04000000 04000000', "'abcd'", '24000000'),
  )
})

test('names are records of IPv4 and IPv6 addresses, several of one address behind each other', () => {
  const names = [
    { ip: '192.0.2.1', names: ['a.example', 'b'] },
    { ip: '2001:db8::1', names: ['six\0!'] },
  ]
  assert.equal(
    nameResolution(names).toString('hex'),
    bytes(
      '04000000 40000000',
      '0100 1000 c0000201',
      "'a.example'",
      '00',
      "'b'",
      '00',
      '0200 1500 20010db8000000000000000000000001',
      "'six!'",
      '00 000000',
      '0000 0000',
      '40000000',
    ),
  )
})

test('key-log lines are secrets of TLS, each with its line end', () => {
  assert.equal(
    decryptionSecrets(['A b c', 'D']).toString('hex'),
    bytes('0a000000 1c000000 4b534c54 08000000', "'A b c'", '0a', "'D'", '0a', '1c000000'),
  )
})

test('a comment longer than an option can be ends between two characters', () => {
  const comment = `${'x'.repeat(65534)}ü`
  const block = enhancedPacket({
    interfaceId: 0,
    micros: 0,
    bytes: Buffer.alloc(0),
    direction: undefined,
    comments: [comment],
  })
  assert.equal(block.readUInt16LE(28), 1)
  assert.equal(block.readUInt16LE(30), 65534)
  assert.equal(block.length % 4, 0)
})
