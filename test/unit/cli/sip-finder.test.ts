/** SIP in packets: which messages are found, with which direction, time and Call-ID, and what is skipped. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SipFinder } from '../../../src/cli/capture/sip-finder.js'
import {
  frame,
  ip,
  linkTypes,
  phoneToServer,
  reversed,
  type TcpFields,
  tcpSegment,
  udpSegment,
  type Way,
} from '../../support/pcap.js'
import { sipAnswer, sipRequest } from '../../support/sip.js'

interface Found {
  text: string
  callId: string
  micros: number
  connId: string
  way: string
}

class Bench {
  readonly found: Found[] = []
  readonly finder = new SipFinder((leg, micros, buf, start, end, callIdStart, callIdEnd) => {
    this.found.push({
      text: buf.toString('latin1', start, end),
      callId: buf.toString('latin1', callIdStart, callIdEnd),
      micros,
      connId: leg.connId,
      way: `${leg.transport} ${leg.source.ip}:${leg.source.port} ${leg.destination.ip}:${leg.destination.port}`,
    })
  })
  #micros = 1_000_000

  udp(way: Way, payload: Buffer | string, micros = this.#later()): void {
    this.#push(ip(way, 'udp', udpSegment(way, payload)), micros)
  }

  tcp(way: Way, fields: TcpFields, payload: Buffer | string = '', micros = this.#later()): void {
    this.#push(ip(way, 'tcp', tcpSegment(way, fields, payload)), micros)
  }

  get texts(): string[] {
    return this.found.map(({ text }) => text)
  }

  get skipped(): Record<string, number> {
    return Object.fromEntries(this.finder.skipped)
  }

  /** Each packet 1 ms after the one before, where a test does not say when. */
  #later(): number {
    this.#micros += 1000
    return this.#micros
  }

  #push(packet: Buffer, micros: number): void {
    this.finder.push({ bytes: frame(packet), linkType: linkTypes.ethernet, micros, cut: false })
  }
}

const back = reversed(phoneToServer)
const invite = sipRequest({ method: 'INVITE', callId: 'call-1', transport: 'TCP', body: 'v=0\r\n' })
const ok = sipAnswer(invite)

test('a datagram is a message; both directions share an id', () => {
  const bench = new Bench()
  bench.udp(phoneToServer, invite, 5_000_000)
  bench.udp(back, ok, 5_000_500)
  const [request, answer] = bench.found
  assert.deepEqual(bench.texts, [invite.toString('latin1'), ok.toString('latin1')])
  assert.equal(request!.way, 'udp 192.0.2.10:50000 198.51.100.1:5060')
  assert.equal(answer!.way, 'udp 198.51.100.1:5060 192.0.2.10:50000')
  assert.deepEqual([request!.micros, answer!.micros], [5_000_000, 5_000_500])
  assert.deepEqual([request!.callId, answer!.callId], ['call-1', 'call-1'])
  assert.equal(request!.connId, answer!.connId)
  assert.match(request!.connId, /^\d+$/)
})

test('another pair of ports is another conversation', () => {
  const bench = new Bench()
  bench.udp(phoneToServer, invite)
  bench.udp({ ...phoneToServer, fromPort: 50_001 }, invite)
  assert.equal(new Set(bench.found.map(({ connId }) => connId)).size, 2)
})

test('a datagram needs no Content-Length, and may have a compact or folded Call-ID', () => {
  for (const header of ['Call-ID: abc', 'i:abc', 'call-id :\r\n abc']) {
    const bench = new Bench()
    bench.udp(phoneToServer, `MESSAGE sip:a@b SIP/2.0\r\n${header}\r\n\r\nhello`)
    assert.deepEqual(
      bench.found.map(({ callId }) => callId),
      ['abc'],
    )
  }
})

for (const [name, payload, reason] of [
  ['RTP', Buffer.concat([Buffer.from([0x80, 0]), Buffer.alloc(170, 0x55)]), 'not SIP'],
  ['HTTP', 'GET / HTTP/1.1\r\nHost: a\r\n\r\n', 'not SIP'],
  ['a DNS query', Buffer.from('12340100000100000000000003777777', 'hex'), 'not SIP'],
  ['text without a line end', 'INVITE', 'not SIP'],
  ['a ping', '\r\n\r\n', 'keep-alive'],
  ['zeros', Buffer.alloc(4), 'keep-alive'],
  ['nothing', '', 'no payload'],
  ['SIP without Call-ID', 'OPTIONS sip:a SIP/2.0\r\nTo: b\r\n\r\nCall-ID: in the body', 'without Call-ID'],
  ['SIP with an empty Call-ID', 'SIP/2.0 200 OK\r\nCall-ID: \r\n\r\n', 'without Call-ID'],
] as const) {
  test(`${name} in UDP is skipped: ${reason}`, () => {
    const bench = new Bench()
    bench.udp(phoneToServer, payload)
    assert.deepEqual(bench.texts, [])
    assert.deepEqual(bench.skipped, { [reason]: 1 })
  })
}

test('a TCP connection: handshake, split message, several in one segment, end', () => {
  const bench = new Bench()
  bench.tcp(phoneToServer, { sequence: 99, flags: 'S' })
  bench.tcp(back, { sequence: 499, flags: 'SA' })
  bench.tcp(phoneToServer, { sequence: 100 })
  bench.tcp(phoneToServer, { sequence: 100 }, invite.subarray(0, 100), 2_000_000)
  bench.tcp(phoneToServer, { sequence: 200 }, invite.subarray(100), 2_000_400)
  bench.tcp(back, { sequence: 500 }, Buffer.concat([ok, ok, ok]), 2_000_700)
  bench.tcp(phoneToServer, { sequence: 100 + invite.length, flags: 'FA' })
  bench.finder.end()
  assert.deepEqual(bench.texts, [invite, ok, ok, ok].map(String))
  assert.equal(bench.found[0]!.micros, 2_000_400, 'the time of the segment that completes it')
  assert.deepEqual(
    bench.found.slice(1).map(({ micros }) => micros),
    [2_000_700, 2_000_701, 2_000_702],
    'several in one segment keep their order',
  )
  assert.equal(new Set(bench.found.map(({ connId }) => connId)).size, 1)
  assert.deepEqual(bench.skipped, { 'no payload': 4 })
})

test('retransmissions and segments out of order change nothing', () => {
  const bench = new Bench()
  bench.tcp(phoneToServer, { sequence: 0, flags: 'S' })
  const pieces = [0, 1, 2, 3].map((i) => ({ sequence: 1 + i * 100, bytes: invite.subarray(i * 100, (i + 1) * 100) }))
  const last = { sequence: 401, bytes: invite.subarray(400) }
  for (const i of [1, 0, 0, 3, 1, 2]) bench.tcp(phoneToServer, pieces[i]!, pieces[i]!.bytes)
  bench.tcp(phoneToServer, last, last.bytes)
  assert.deepEqual(bench.texts, [invite.toString()])
  assert.equal(bench.skipped.retransmission, 2)
})

test('a capture that begins in the middle of a message finds the next one', () => {
  const bench = new Bench()
  bench.tcp(phoneToServer, { sequence: 1000 }, invite.subarray(60))
  bench.tcp(phoneToServer, { sequence: 1000 + invite.length - 60 }, invite)
  assert.deepEqual(bench.texts, [invite.toString()])
  assert.deepEqual(bench.skipped, { 'not SIP': 1 })
})

test('after a segment the capture lost, the next message is found and the gap counted', () => {
  const bench = new Bench()
  bench.tcp(phoneToServer, { sequence: 0, flags: 'S' })
  bench.tcp(phoneToServer, { sequence: 1 }, invite.subarray(0, 100))
  bench.tcp(phoneToServer, { sequence: 1 + invite.length }, invite)
  bench.finder.end()
  assert.deepEqual(bench.texts, [invite.toString()])
  assert.equal(bench.finder.gaps, 1)
})

test('a connection on ports used before has an id of its own', () => {
  const bench = new Bench()
  for (const sequence of [0, 500_000]) {
    bench.tcp(phoneToServer, { sequence, flags: 'S' })
    bench.tcp(phoneToServer, { sequence: sequence + 1 }, invite)
    bench.tcp(back, { sequence: sequence + 9 }, ok)
  }
  assert.equal(bench.found.length, 4)
  const ids = bench.found.map(({ connId }) => connId)
  assert.equal(ids[0], ids[1])
  assert.equal(ids[2], ids[3])
  assert.notEqual(ids[0], ids[2])
})

test('TLS in TCP is skipped as not SIP', () => {
  const bench = new Bench()
  const record = Buffer.concat([Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00]), Buffer.alloc(512, 1)])
  bench.tcp(phoneToServer, { sequence: 1 }, record)
  bench.tcp(phoneToServer, { sequence: 1 + record.length }, record)
  assert.deepEqual(bench.texts, [])
  assert.deepEqual(bench.skipped, { 'not SIP': 2 })
})

test('a message on a stream without Call-ID is skipped, the next one is found', () => {
  const bench = new Bench()
  bench.tcp(phoneToServer, { sequence: 1 }, `OPTIONS sip:a SIP/2.0\r\nContent-Length: 0\r\n\r\n${invite}`)
  assert.deepEqual(bench.texts, [invite.toString()])
  assert.equal(bench.skipped['without Call-ID'], 1)
})

test('packets that are late by more than a tie keep the time of the capture', () => {
  const bench = new Bench()
  bench.udp(phoneToServer, invite, 9_000_000)
  bench.udp(phoneToServer, invite, 8_000_000)
  assert.deepEqual(
    bench.found.map(({ micros }) => micros),
    [9_000_000, 8_000_000],
  )
})

test('conversations beyond the limit are forgotten, the most silent first', () => {
  const bench = new Bench()
  const way = (i: number): Way => ({ ...phoneToServer, from: `10.0.${i >> 8}.${i & 0xff}` })
  for (let i = 0; i < 20_100; i++) {
    bench.udp(way(i), ok)
    if (i === 10_000) bench.udp(way(0), ok)
  }
  bench.udp(way(0), ok)
  bench.udp(way(1), ok)
  const ids = (i: number) =>
    new Set(bench.found.filter(({ way: w }) => w.includes(` 10.0.0.${i}:`)).map((f) => f.connId))
  assert.equal(ids(0).size, 1)
  assert.equal(ids(1).size, 2)
})
