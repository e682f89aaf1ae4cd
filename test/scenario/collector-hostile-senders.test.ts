import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { type TestContext, test } from 'node:test'
import { silentLog } from '../../src/base/log.js'
import { Collector, collectorLimits } from '../../src/collector/collector.js'
import { encodePacket } from '../../src/hep/encode.js'
import { embeddedCollector, hepPacket } from '../support/embedded-collector.js'
import { until } from '../support/wait.js'

function hep(payload: string): Buffer {
  return encodePacket(hepPacket({ payload: Buffer.from(payload) }))
}

async function connected(t: TestContext, port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => {})
  t.after(() => socket.destroy())
  await once(socket, 'connect')
  return socket
}

const payloads = (collector: Collector) => [...collector.packets()].map((one) => one.packet.payload.toString())

test('a stream that breaks the framing is closed; the others go on', async (t) => {
  const { collector, port } = await embeddedCollector(t, 'tcp')
  const good = await connected(t, port)
  const bad = await connected(t, port)
  good.write(hep('one'))
  bad.write(hep('two'))
  await until('both', () => collector.status().packets === 2)
  const closed = once(bad, 'close')
  bad.write('GET / HTTP/1.1\r\n\r\n')
  await closed
  good.write(hep('three'))
  await until('the third', () => collector.status().packets === 3)
  assert.equal(collector.status().malformedBy.framing, 1)
  assert.equal(collector.status().connections, 1)
})

test('a packet that is framed but unreadable is counted and the stream goes on', async (t) => {
  const { collector, port } = await embeddedCollector(t, 'tcp')
  const socket = await connected(t, port)
  const broken = hep('broken')
  broken.writeUInt16BE(3, 10) // length of the first chunk, less than its head
  socket.write(Buffer.concat([hep('one'), broken, hep('two')]))
  await until('the second', () => collector.status().packets === 2)
  assert.deepEqual(payloads(collector), ['one', 'two'])
  assert.equal(collector.status().malformedBy.packet, 1)
})

test('packets in any pieces arrive whole', async (t) => {
  const { collector, port } = await embeddedCollector(t, 'tcp')
  const socket = await connected(t, port)
  socket.setNoDelay(true)
  for (const octet of Buffer.concat([hep('one'), hep('two')])) {
    socket.write(Buffer.of(octet))
    await new Promise(setImmediate)
  }
  await until('both', () => collector.status().packets === 2)
  assert.deepEqual(payloads(collector), ['one', 'two'])
})

test('one address can hold only so many streams, and gets them back', async (t) => {
  const { collector, port } = await embeddedCollector(t, 'tcp', {
    limits: { ...collectorLimits, maxConnectionsPerAddress: 2 },
  })
  const first = await connected(t, port)
  await connected(t, port)
  await until('two', () => collector.status().connections === 2)
  const third = await connected(t, port)
  await once(third, 'close')
  assert.equal(collector.status().refusedConnections, 1)

  first.destroy()
  await until('one left', () => collector.status().connections === 1)
  const fourth = await connected(t, port)
  fourth.write(hep('again'))
  await until('its packet', () => collector.status().packets === 1)
})

test('datagrams that are no HEP are counted and harm nothing', async (t) => {
  const { collector, port } = await embeddedCollector(t, 'udp')
  const socket = createSocket('udp4')
  t.after(() => socket.close())
  for (const datagram of ['', 'x', 'HEP3', 'INVITE sip:bob SIP/2.0\r\n\r\n', Buffer.alloc(60_000, 0xff)]) {
    socket.send(datagram, port, '127.0.0.1')
  }
  socket.send(hep('good'), port, '127.0.0.1')
  await until('the good one', () => collector.status().packets === 1)
  assert.equal(collector.status().malformed, 5)
  assert.equal(collector.status().malformedBy.datagram, 5)
  assert.deepEqual(collector.status().packetsByType, { sip: 1 })
})

test('the store is bounded while every packet is counted and told', async (t) => {
  const { collector, port } = await embeddedCollector(t, 'tcp', { max_packets: 3 })
  const told: string[] = []
  const stop = collector.onPacket((received) => told.push(received.packet.payload.toString()))
  const socket = await connected(t, port)
  socket.write(Buffer.concat(['a', 'b', 'c', 'd', 'e'].map(hep)))
  await until('all', () => collector.status().packets === 5)
  assert.deepEqual(payloads(collector), ['c', 'd', 'e'])
  assert.deepEqual(told, ['a', 'b', 'c', 'd', 'e'])
  stop()
  socket.write(hep('f'))
  await until('one more', () => collector.status().packets === 6)
  assert.equal(told.length, 5)
})

for (const transport of ['udp', 'tcp'] as const) {
  test(`a ${transport} address that is taken is told, and what was opened before is closed again`, async (t) => {
    const { port } = await embeddedCollector(t, transport)
    const listen = [
      { transport: 'udp', ip: '127.0.0.1', port: 0 },
      { transport: 'tcp', ip: '127.0.0.1', port: 0 },
      { transport, ip: '127.0.0.1', port },
    ] as const
    const sockets = () => process.getActiveResourcesInfo().filter((kind) => /^(UDP|TCP)/.test(kind)).length
    await assert.rejects(Collector.open({ listen, max_packets: 1 }, silentLog), {
      name: 'UsageError',
      message: new RegExp(`^HEP collector ${transport}:127\\.0\\.0\\.1:${port}: port ${port} is taken`),
    })
    await until('only the first one left', () => sockets() === 1)
  })
}

test('closing ends listeners and streams', async (t) => {
  const { collector, port } = await embeddedCollector(t, 'tcp')
  const socket = await connected(t, port)
  const closed = once(socket, 'close')
  await collector.close()
  await closed
  await collector.close()
  await assert.rejects(once(connect(port, '127.0.0.1'), 'connect'), { code: 'ECONNREFUSED' })
})
