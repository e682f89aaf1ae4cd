import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Conversation, type Frame } from '../../../src/live/capture/conversation.js'
import { readFrame, readStreams } from './captured.js'

const phone = { ip: '192.0.2.1', port: 50412 }
const gateway = { ip: '192.0.2.2', port: 5061 }
const phone6 = { ip: '2001:db8::1', port: 50412 }
const gateway6 = { ip: '2001:db8::2', port: 5061 }

const opened = () => new Conversation({ initiator: phone, responder: gateway }, false, 'seed')
const flagsOf = (frames: readonly Frame[]) => frames.map(({ from, bytes }) => `${from} ${readFrame(bytes).flags}`)
const sizesOf = (frames: readonly Frame[]) => frames.map(({ bytes }) => readFrame(bytes).payload.length)
const bytesOf = (frames: readonly Frame[]) => frames.map(({ bytes }) => bytes)

test('the frame of a datagram is what it would be on the wire', () => {
  const [frame] = new Conversation({ initiator: phone, responder: gateway }, true, '').message(
    phone,
    1,
    Buffer.from('hi!'),
  )
  // Checksums worked out by hand: 0xb6ca over the IPv4 header, 0x19b9 over pseudo header, header and `hi!`.
  const ip = '4500001f00004000401100000000'
  assert.equal(frame!.bytes.toString('hex', 12, 24), `0800${ip.slice(0, 20)}`)
  assert.equal(frame!.bytes.toString('hex', 24, 34), 'b6cac0000201c0000202')
  assert.equal(frame!.bytes.toString('hex', 34), 'c4ec13c5000b19b9686921')
  assert.equal(frame!.bytes[0], 0x02)
})

test('a connection begins with a handshake, and each message is a segment of its own', () => {
  const conversation = opened()
  const open = conversation.open(1000)
  assert.deepEqual(flagsOf(open), ['initiator S', 'responder SA', 'initiator A'])
  const request = conversation.message(phone, 2000, Buffer.from('REGISTER'))
  const answer = conversation.message(gateway, 3000, Buffer.from('200'))
  assert.deepEqual(flagsOf([...request, ...answer]), ['initiator PA', 'responder PA'])
  assert.deepEqual(
    [...open, ...request, ...answer].map(({ micros }) => micros),
    [1000, 1000, 1000, 2000, 3000],
  )
  const streams = readStreams(bytesOf([...open, ...request, ...answer]))
  assert.equal(String(streams.get('192.0.2.1 50412')), 'REGISTER')
  assert.equal(String(streams.get('192.0.2.2 5061')), '200')
})

test('a long message has segments of an Ethernet, and the other end acknowledges every second one', () => {
  for (const [initiator, responder, full] of [
    [phone, gateway, 1460],
    [phone6, gateway6, 1440],
  ] as const) {
    const conversation = new Conversation({ initiator, responder }, false, '')
    const open = conversation.open(0)
    const message = Buffer.alloc(5 * full + 1, 'x')
    const frames = conversation.message(initiator, 0, message)
    assert.deepEqual(sizesOf(frames), [full, full, 0, full, full, 0, full, 1])
    assert.deepEqual(
      frames.map(({ bytes }) => readFrame(bytes).flags),
      ['A', 'A', 'A', 'A', 'A', 'A', 'A', 'PA'],
    )
    const streams = readStreams(bytesOf([...open, ...frames]))
    assert.deepEqual(streams.get(`${initiator.ip} ${initiator.port}`), message)
  }
})

test('whoever only listens acknowledges now and then', () => {
  const conversation = opened()
  const frames = conversation.open(0)
  for (let i = 0; i < 100; i++) frames.push(...conversation.message(phone, i, Buffer.alloc(100)))
  let waiting = 0
  for (const { from, bytes } of frames) {
    waiting = from === 'responder' ? 0 : waiting + readFrame(bytes).payload.length
    assert.ok(waiting < 3 * 1460, `${waiting} octets wait for an acknowledgement`)
  }
  readStreams(bytesOf(frames))
})

test('sequence numbers begin again after 2^32', () => {
  const conversation = new Conversation({ initiator: phone, responder: gateway }, false, 'wraps 80650')
  const frames = conversation.open(0)
  assert.ok(readFrame(frames[0]!.bytes).sequence > 0xffff_0000, 'a seed that begins just before the end')
  for (let i = 0; i < 10; i++) frames.push(...conversation.message(phone, i, Buffer.alloc(10_000, i)))
  assert.ok(readFrame(frames.at(-1)!.bytes).sequence < 0xffff_0000)
  assert.equal(readStreams(bytesOf(frames)).get('192.0.2.1 50412')!.length, 100_000)
})

test('an orderly end is a FIN of each side, the one who closed first; a failure is a reset', () => {
  const orderly = opened()
  const frames = orderly.open(0)
  const end = orderly.close(5, 'responder')
  assert.deepEqual(flagsOf(end), ['responder FA', 'initiator FA', 'responder A'])
  readStreams(bytesOf([...frames, ...end]))

  const broken = opened()
  broken.open(0)
  assert.deepEqual(flagsOf(broken.reset(5, 'initiator')), ['initiator RA'])
})

test('a comment stands at the next frame, once', () => {
  const conversation = opened()
  conversation.note('one')
  conversation.note('two')
  const frames = [...conversation.open(0), ...conversation.message(gateway, 1, Buffer.from('x'))]
  assert.deepEqual(
    frames.map(({ comments }) => comments),
    [['one', 'two'], [], [], []],
  )
})

test('time does not go back within a conversation', () => {
  const conversation = opened()
  conversation.open(10)
  const frames = [...conversation.message(phone, 7, Buffer.from('x')), ...conversation.close(3, 'initiator')]
  assert.deepEqual(
    frames.map(({ micros }) => micros),
    [10, 10, 10, 10],
  )
})

test('over UDP there are datagrams and nothing else', () => {
  const conversation = new Conversation({ initiator: phone6, responder: gateway6 }, true, '')
  assert.deepEqual(conversation.open(0), [])
  const [frame] = conversation.message(gateway6, 1, Buffer.alloc(9000, 'x'))
  const { source, destination, protocol, payload } = readFrame(frame!.bytes)
  assert.deepEqual([source, destination, protocol], ['2001:db8::2 5061', '2001:db8::1 50412', 'udp'])
  assert.equal(payload.length, 9000)
  assert.deepEqual(conversation.close(2, 'initiator'), [])
  assert.deepEqual(conversation.reset(2, 'initiator'), [])
})

test('an address has the same hardware address wherever it is seen', () => {
  const [one] = opened().open(0)
  const [, other] = new Conversation({ initiator: gateway, responder: phone }, false, 'x').open(0)
  assert.deepEqual(one!.bytes.subarray(0, 12), other!.bytes.subarray(0, 12))
  assert.notDeepEqual(one!.bytes.subarray(0, 6), one!.bytes.subarray(6, 12))
})

test('endpoints of two families, which only a strange capture agent tells of, meet in IPv6', () => {
  const conversation = new Conversation({ initiator: phone, responder: gateway6 }, true, '')
  const [frame] = conversation.message(phone, 0, Buffer.from('x'))
  assert.equal(readFrame(frame!.bytes).destination, '2001:db8::2 5061')
})
