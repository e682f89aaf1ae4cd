/** From frames to UDP and TCP. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PacketDecoder } from '../../../src/cli/capture/packet.js'
import { frame, ip, linkTypes, phoneToServer, tcpSegment, udpSegment, type Way } from '../../support/pcap.js'

const way6: Way = { from: '2001:db8::10', fromPort: 50_000, to: '2001:db8::1', toPort: 5061 }
const text = 'OPTIONS sip:a SIP/2.0'

function decode(bytes: Buffer, linkType: number = linkTypes.ethernet, cut = false) {
  return new PacketDecoder().decode({ micros: 7, linkType, bytes, cut })
}

/** What a decoded UDP packet looks like. */
function udpPacket(way: Way, payload: Buffer | string) {
  const { from, fromPort, to, toPort } = way
  return {
    transport: 'udp',
    micros: 7,
    source: { ip: from, port: fromPort },
    destination: { ip: to, port: toPort },
    payload: Buffer.from(payload),
  }
}

for (const [name, linkType] of Object.entries(linkTypes)) {
  for (const way of [phoneToServer, way6]) {
    if ((name === 'ipv4' && way === way6) || (name === 'ipv6' && way !== way6)) continue
    test(`UDP in ${way === way6 ? 'IPv6' : 'IPv4'} in ${name} frames`, () => {
      const bytes = frame(ip(way, 'udp', udpSegment(way, text)), linkType)
      assert.deepEqual(decode(bytes, linkType), udpPacket(way, text))
    })
  }
}

for (const vlans of [1, 2]) {
  test(`${vlans} VLAN tags are skipped`, () => {
    const packet = ip(phoneToServer, 'udp', udpSegment(phoneToServer, text))
    assert.deepEqual(decode(frame(packet, linkTypes.ethernet, vlans)), udpPacket(phoneToServer, text))
    assert.deepEqual(
      decode(frame(packet, linkTypes.linuxCooked, vlans), linkTypes.linuxCooked),
      udpPacket(phoneToServer, text),
    )
  })
}

test('the padding of a short Ethernet frame is no payload', () => {
  const padded = Buffer.concat([frame(ip(phoneToServer, 'udp', udpSegment(phoneToServer, 'x'))), Buffer.alloc(17)])
  assert.deepEqual(decode(padded), udpPacket(phoneToServer, 'x'))
})

test('TCP comes with its sequence number, its flags and without its options', () => {
  const segment = tcpSegment(phoneToServer, { sequence: 0xfffffffe, flags: 'FA', optionBytes: 12 }, text)
  assert.deepEqual(decode(frame(ip(phoneToServer, 'tcp', segment))), {
    ...udpPacket(phoneToServer, text),
    transport: 'tcp',
    sequence: 0xfffffffe,
    syn: false,
    ack: true,
    fin: true,
    rst: false,
  })
})

test('IPv4-mapped IPv6 addresses are IPv4 addresses', () => {
  const mapped: Way = { ...way6, from: '::ffff:c000:20a' }
  const packet = decode(frame(ip(mapped, 'udp', udpSegment(mapped, text))))
  assert.ok(typeof packet === 'object')
  assert.equal(packet.source.ip, '192.0.2.10')
})

test('a total length of 0 (segmentation offload) means the rest of the frame', () => {
  const packet = ip(phoneToServer, 'tcp', tcpSegment(phoneToServer, { sequence: 1 }, text))
  packet.writeUInt16BE(0, 2)
  const decoded = decode(frame(packet))
  assert.ok(typeof decoded === 'object')
  assert.equal(decoded.payload.toString(), text)
})

test('IPv6 extension headers are skipped, an atomic fragment header too', () => {
  const options = Buffer.alloc(16)
  options.writeUInt8(1, 1)
  const authentication = Buffer.alloc(12)
  authentication.writeUInt8(1, 1)
  const extensions = [
    [0, options],
    [60, Buffer.alloc(8)],
    [44, Buffer.alloc(8)],
    [51, authentication],
  ] as const
  const bytes = frame(ip(way6, 'udp', udpSegment(way6, text), { extensions }))
  assert.deepEqual(decode(bytes), udpPacket(way6, text))
})

/** The three fragments of one UDP datagram, as frames. */
function fragments(way: Way, payload: Buffer): Buffer[] {
  const segment = udpSegment(way, payload)
  return [0, 800, 1600].map((offset) => {
    const piece = segment.subarray(offset, offset + 800)
    const more = offset + 800 < segment.length
    if (way.from.includes('.')) return frame(ip(way, 'udp', piece, { fragment: { id: 9, offset, more } }))
    const header = Buffer.alloc(8)
    header.writeUInt16BE(offset | (more ? 1 : 0), 2)
    header.writeUInt32BE(9, 4)
    return frame(ip(way, 'udp', piece, { extensions: [[44, header]] }))
  })
}

const large = Buffer.from(`${text}\r\n${'x'.repeat(2000)}`)

for (const way of [phoneToServer, way6]) {
  for (const order of ['012', '210', '1020', '00122']) {
    test(`${way === way6 ? 'IPv6' : 'IPv4'} fragments in the order ${order} become one packet`, () => {
      const decoder = new PacketDecoder()
      const pieces = fragments(way, large)
      const decoded = [...order].map((i) => {
        return decoder.decode({ micros: 7, linkType: linkTypes.ethernet, bytes: pieces[Number(i)]!, cut: false })
      })
      const whole = decoded.filter((packet) => packet !== undefined)
      assert.deepEqual(whole, [udpPacket(way, large)])
    })
  }
}

test('fragments that never become whole, or overlap, are counted', () => {
  const decoder = new PacketDecoder()
  const push = (bytes: Buffer) => decoder.decode({ micros: 7, linkType: linkTypes.ethernet, bytes, cut: false })
  const [first, , last] = fragments(phoneToServer, large)
  assert.equal(push(first!), undefined)
  assert.equal(push(last!), undefined)
  const piece = Buffer.alloc(16)
  for (const [offset, more] of [
    [0, true],
    [8, false],
  ] as const) {
    assert.equal(push(frame(ip(phoneToServer, 'udp', piece, { fragment: { id: 10, offset, more } }))), undefined)
  }
  assert.equal(decoder.end(), 2 + 2)
})

test('fragments take bounded memory', () => {
  const decoder = new PacketDecoder()
  for (let id = 0; id < 1000; id++) {
    const bytes = frame(ip(phoneToServer, 'udp', Buffer.alloc(8), { fragment: { id, offset: 0, more: true } }))
    decoder.decode({ micros: 7, linkType: linkTypes.ethernet, bytes, cut: false })
  }
  assert.equal(decoder.end(), 1000)
})

const whole = frame(ip(phoneToServer, 'udp', udpSegment(phoneToServer, text)))

for (const [name, bytes, reason] of [
  ['ARP', Buffer.concat([Buffer.alloc(12), Buffer.from([0x08, 0x06]), Buffer.alloc(28)]), 'not IP'],
  ['ICMP', frame(ip(phoneToServer, 1, Buffer.alloc(8))), 'neither UDP nor TCP'],
  ['an IP header of less than 20 octets', frame(Buffer.from([0x44, ...whole.subarray(15)])), 'malformed'],
  ['a UDP length beyond the packet', corrupted(whole, 14 + 20 + 4, 0xff), 'malformed'],
  ['a UDP length below its header', corrupted(corrupted(whole, 14 + 20 + 4, 0), 14 + 20 + 5, 7), 'malformed'],
  ['an empty frame', Buffer.alloc(0), 'malformed'],
] as const) {
  test(`${name}: ${reason}`, () => assert.equal(decode(bytes), reason))
}

test('an unknown link type is named as such', () => {
  assert.equal(decode(whole, 147), 'link type not known')
})

test('any beginning of a packet is refused, as cut short where the capture cut it', () => {
  for (const packet of [whole, frame(ip(way6, 'tcp', tcpSegment(way6, { sequence: 1 }, text)))]) {
    for (let length = 0; length < packet.length; length++) {
      const beginning = packet.subarray(0, length)
      assert.equal(decode(beginning), 'malformed', String(length))
      assert.equal(decode(beginning, linkTypes.ethernet, true), 'cut short by the capture', String(length))
    }
  }
})

function corrupted(packet: Buffer, at: number, byte: number): Buffer {
  const copy = Buffer.from(packet)
  copy[at] = byte
  return copy
}
