/** hepgate replay: the SIP of a capture reaches a collector as it was, with the times it had. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { mainPath } from '../support/gateway-process.js'
import { HepCollector } from '../support/hep-collector.js'
import {
  frame,
  ip,
  linkTypes,
  type PcapPacket,
  pcapFile,
  phoneToServer,
  reversed,
  tcpSegment,
  udpSegment,
  type Way,
} from '../support/pcap.js'
import { runProcess } from '../support/process.js'
import { sipAnswer, sipRequest } from '../support/sip.js'
import { tempDir } from '../support/tmp.js'
import { until } from '../support/wait.js'

const way6: Way = { from: '2001:db8::10', fromPort: 50_000, to: '2001:db8::1', toPort: 5060 }
const startMicros = 1_700_000_000_123_456
const invite = sipRequest({ method: 'INVITE', callId: 'replayed-1', transport: 'UDP', body: 'v=0\r\n' })
const ok = sipAnswer(invite)
const overTcp = sipRequest({ method: 'REGISTER', callId: 'replayed-2', transport: 'TCP' })

/** A call over UDP, a request over TCP and IPv6 in two segments, and what is no SIP. */
function capture(): PcapPacket[] {
  const udp = (way: Way, payload: Buffer) => frame(ip(way, 'udp', udpSegment(way, payload)))
  const tcp = (sequence: number, flags: string, payload: Buffer) =>
    frame(ip(way6, 'tcp', tcpSegment(way6, { sequence, flags }, payload)))
  return [
    udp(phoneToServer, invite),
    udp(phoneToServer, Buffer.alloc(172, 0x80)),
    udp(reversed(phoneToServer), ok),
    tcp(0, 'S', Buffer.alloc(0)),
    tcp(1, 'A', overTcp.subarray(0, 50)),
    tcp(51, 'A', overTcp.subarray(50)),
  ].map((bytes, i) => ({ bytes, micros: startMicros + i * 100_000 }))
}

function replay(...args: string[]) {
  return runProcess(process.execPath, [mainPath, 'replay', ...args])
}

function captureFile(t: TestContext, bytes = pcapFile(capture())): string {
  const file = join(tempDir(t), 'in.pcap')
  writeFileSync(file, bytes)
  return file
}

for (const transport of ['tcp', 'udp'] as const) {
  test(`every message arrives over ${transport} with its bytes, addresses and time`, async (t) => {
    const collector = await HepCollector.start(t)
    const address = collector.destination('x', transport).replace(/^\[x\]|;.*/g, '')
    const { code, stdout, stderr } = await replay(captureFile(t), '--to', `${transport}:${address}`)
    assert.equal(stderr, '')
    assert.equal(
      stdout,
      `read     6 packets\nfound    3 SIP messages\nsent     3 to ${transport}:${address}\n` +
        'skipped  not SIP 1, no payload 1\ndropped  nothing\n',
    )
    assert.equal(code, 0)
    await until('three messages', () => collector.sip().length === 3)
    assert.deepEqual(collector.sip().map(String), [invite, ok, overTcp].map(String))
    const [first, second, third] = collector.records.map(({ chunks }) => chunks)
    const time = (chunks?: ReadonlyMap<number, Buffer>) => [0x09, 0x0a].map((type) => chunks?.get(type)?.readUInt32BE())
    assert.deepEqual(time(first), [1_700_000_000, 123_456])
    assert.deepEqual(time(second), [1_700_000_000, 323_456])
    assert.deepEqual(time(third), [1_700_000_000, 623_456], 'the time of the segment that completes it')
    assert.deepEqual([first!.get(0x02)![0], third!.get(0x02)![0]], [17, 6])
    assert.deepEqual([...first!.get(0x03)!], [192, 0, 2, 10])
    assert.deepEqual([...second!.get(0x03)!], [198, 51, 100, 1])
    assert.equal(first!.get(0x07)!.readUInt16BE(), 50_000)
    assert.equal(third!.get(0x05)!.toString('hex'), '20010db8000000000000000000000010')
    assert.deepEqual(
      collector.records.map(({ correlation }) => correlation),
      ['replayed-1', 'replayed-1', 'replayed-2'],
    )
    const nets = collector.records.map(({ chunks }) => JSON.parse(String(chunks.get(0x65))).net)
    assert.equal(nets[0], nets[1])
    assert.notEqual(nets[0], nets[2])
  })
}

test('a HEP id of the configuration is used with its settings', async (t) => {
  const collector = await HepCollector.start(t)
  const config = join(tempDir(t), 'gate.yaml')
  const hep_id = [collector.destination('homer', 'tcp', ';auth_key=geheim'), '[other]192.0.2.1']
  writeFileSync(
    config,
    JSON.stringify({ socket: 'tls:127.0.0.1:5061', proto_hep: { hep_id, hep_capture_id: 77, hep_node_name: 'lab' } }),
  )
  const { code, stdout } = await replay(captureFile(t), '--to', 'homer', '--config', config)
  assert.equal(code, 0)
  assert.match(stdout, /^sent {5}3 to homer \(tcp:127\.0\.0\.1:\d+\)$/m)
  await until('three messages', () => collector.records.length === 3)
  const { chunks } = collector.records[0]!
  assert.equal(chunks.get(0x0c)!.readUInt32BE(), 77)
  assert.equal(String(chunks.get(0x13)), 'lab')
  assert.equal(String(chunks.get(0x0e)), 'geheim')
  const unknown = await replay(captureFile(t), '--to', 'hommer', '--config', config)
  assert.equal(unknown.code, 2)
  assert.match(unknown.stderr, /declares no HEP id hommer; it has homer, other/)
})

test('--speed real takes as long as the capture did', async (t) => {
  const collector = await HepCollector.start(t)
  const to = collector.destination('x', 'tcp').replace(/^\[x\]|;.*/g, '')
  const started = performance.now()
  const { code } = await replay(captureFile(t), '--to', `tcp:${to}`, '--speed', 'real')
  assert.equal(code, 0)
  assert.ok(performance.now() - started >= 500, 'six packets, 100 ms apart')
  assert.equal(collector.sip().length, 3)
})

test('a file that ends early is sent up to there, and is a failure', async (t) => {
  const collector = await HepCollector.start(t)
  const to = collector.destination('x', 'tcp').replace(/^\[x\]|;.*/g, '')
  const whole = pcapFile(capture())
  const { code, stdout, stderr } = await replay(
    captureFile(t, whole.subarray(0, whole.length - 5)),
    '--to',
    `tcp:${to}`,
  )
  assert.equal(code, 1)
  assert.match(stderr, /ends in the middle of packet 6; what came before was sent/)
  assert.match(stdout, /^sent {5}2 /m)
  await until('two messages', () => collector.sip().length === 2)
})

test('pcapng is refused with the command that converts it', async (t) => {
  const file = captureFile(t, Buffer.from('0a0d0d0a1c0000004d3c2b1a01000000', 'hex'))
  const { code, stderr } = await replay(file, '--to', 'udp:127.0.0.1:9')
  assert.equal(code, 2)
  assert.match(stderr, /convert it with: editcap -F pcap .*in\.pcap out\.pcap/)
})

test('a large capture is read in bounded memory and arrives whole and in order', async (t) => {
  const collector = await HepCollector.start(t)
  const to = collector.destination('x', 'tcp').replace(/^\[x\]|;.*/g, '')
  const count = 20_000
  const bytes = frame(ip(phoneToServer, 'udp', udpSegment(phoneToServer, invite)), linkTypes.raw)
  const packets = Array.from({ length: count }, (_, i) => ({ bytes, micros: startMicros + i * 10 }))
  const file = captureFile(t, pcapFile(packets, { linkType: linkTypes.raw }))
  const { code, stdout } = await replay(file, '--to', `tcp:${to}`)
  assert.match(stdout, new RegExp(`^sent {5}${count} `, 'm'))
  assert.equal(code, 0)
  await until('all messages', () => collector.records.length === count)
  const micros = collector.records.map(({ chunks }) => chunks.get(0x0a)!.readUInt32BE())
  assert.ok(micros.every((time, i) => i === 0 || time === micros[i - 1]! + 10))
})
