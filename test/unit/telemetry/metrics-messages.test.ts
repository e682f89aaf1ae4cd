import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ConnectionFacts, Direction } from '../../../src/base/facts.js'
import { registeredMethods } from '../../../src/sip/methods.js'
import { instruments } from '../../../src/telemetry/metrics/instruments.js'
import { MessageMetrics } from '../../../src/telemetry/metrics/message-metrics.js'
import type { HistogramValue } from '../../../src/telemetry/metrics/reading.js'
import { facts } from '../../support/destinations.js'

interface Seen {
  readonly on?: Partial<ConnectionFacts>
  readonly direction?: Direction
  readonly heldMs?: number
}

class Counted {
  readonly metrics = new MessageMetrics()

  /** Somewhere in a buffer, as it comes from a socket. */
  see(message: string, { on = {}, direction = 'in', heldMs }: Seen = {}): void {
    const buf = Buffer.from(`before${message}behind`, 'latin1')
    const place = { buf, start: 6, end: buf.length - 6, callIdStart: 0, callIdEnd: 0 }
    this.metrics.see({ facts: facts(on), direction, ...place, own: false, heldMs })
  }

  read(key: 'messages' | 'messageBytes' | 'relayDuration'): Record<string, unknown> {
    const { points } = this.metrics.readings().find(({ instrument }) => instrument === instruments[key])!
    return Object.fromEntries(points.map(({ labels, value }) => [labels!.join(' '), value]))
  }
}

const request = (method: string) => `${method} sip:bob@example.com SIP/2.0\r\n\r\n`

test('each method of the registry is counted by its name', () => {
  const counted = new Counted()
  for (const method of registeredMethods) counted.see(request(method))
  assert.deepEqual(
    counted.read('messages'),
    Object.fromEntries(registeredMethods.map((one) => [`receive edge tls ${one} `, 1])),
  )
})

test('whatever else a peer calls its method is one: other', () => {
  const counted = new Counted()
  const words = [
    'INVITED',
    'INVIT',
    'invite',
    'Bye',
    'X',
    'ACKX',
    'BYEBYE',
    'REGISTERS',
    'SIP',
    'MESSAGES',
    '!%*_+`~-.',
  ]
  for (const word of words) counted.see(request(word))
  assert.deepEqual(counted.read('messages'), { 'receive edge tls other ': words.length })
})

test('responses are counted by class, in whatever case their version is written', () => {
  const counted = new Counted()
  for (const status of [100, 180, 200, 302, 404, 487, 503, 603]) counted.see(`SIP/2.0 ${status} Whatever\r\n\r\n`)
  counted.see('sip/2.0 200 OK\r\n\r\n')
  for (const odd of ['SIP/2.0 700 ', 'SIP/2.0 099 ', 'SIP/10.0 200 ', 'SIP/2.0 0']) counted.see(`${odd}\r\n\r\n`)
  assert.deepEqual(counted.read('messages'), {
    'receive edge tls  other': 4,
    'receive edge tls  1xx': 2,
    'receive edge tls  2xx': 2,
    'receive edge tls  3xx': 1,
    'receive edge tls  4xx': 2,
    'receive edge tls  5xx': 1,
    'receive edge tls  6xx': 1,
  })
})

test('direction, side and transport are told apart, with the bytes', () => {
  const counted = new Counted()
  const message = request('BYE')
  for (const direction of ['in', 'out'] as const) {
    for (const side of ['edge', 'core'] as const) {
      for (const transport of ['tls', 'tcp', 'udp'] as const)
        counted.see(message, { on: { side, transport }, direction })
    }
  }
  counted.see(message, { on: { side: 'core', transport: 'udp' }, direction: 'out' })
  const bytes = counted.read('messageBytes')
  assert.equal(Object.keys(bytes).length, 12)
  assert.equal(bytes['receive edge tcp BYE '], message.length)
  assert.equal(bytes['transmit core udp BYE '], 2 * message.length)
  assert.equal(counted.read('messages')['transmit core udp BYE '], 2)
})

test('how long messages were held is told by the side they left to, requests apart from responses', () => {
  const counted = new Counted()
  counted.see(request('INVITE'), { on: { side: 'core' }, direction: 'out', heldMs: 0.03 })
  counted.see('SIP/2.0 200 OK\r\n\r\n', { direction: 'out', heldMs: 0.2 })
  counted.see('SIP/2.0 200 OK\r\n\r\n', { direction: 'out', heldMs: 20_000 })
  counted.see('SIP/2.0 503 Ours\r\n\r\n', { direction: 'out' })
  const held = counted.read('relayDuration') as Record<string, HistogramValue>
  assert.deepEqual(Object.keys(held), ['edge response', 'core request'])
  assert.deepEqual(held['core request'], {
    counts: [0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
    sum: 0.03 / 1000,
    count: 1,
  })
  assert.deepEqual(held['edge response']?.counts, [0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1])
})
