/**
 * Who does not read: servers of the core hold back whoever sends to them, and lose nothing; a phone holds up nobody, and
 * is cut when it has taken nothing for too long or owes us too much.
 */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { registered, startEdgeCast } from '../support/edge-cast.js'
import { assertFailure } from '../support/failure.js'
import { Flood, floodBytes, standstill } from '../support/flood.js'
import { residentBytes } from '../support/memory.js'
import { patienceMs } from '../support/scene.js'
import { headerOf, sipRequest, startLine } from '../support/sip.js'
import { until } from '../support/wait.js'

/** What the gateway may need for a flood it must not take in. */
const allowedGrowth = 64 << 20
const body = 'x'.repeat(60_000)
// Reads do not count, since full buffers cut messages anywhere.
const usual = { proto_tls: { tls_max_msg_chunks: 1000 }, limits: { message_timeout: 600_000 } }
const cast = await startEdgeCast({ after }, usual)
const { scene, core } = cast

/** The message number `index` of a flood. */
function numbered(name: string, headers: readonly string[] = [], text = body): (index: number) => Buffer {
  return (index) =>
    sipRequest({ method: 'MESSAGE', uri: 'sip:bob@example.com', callId: `${name}-${index}`, headers, body: text })
}

async function lost(): Promise<Readonly<Record<string, number>>> {
  return (await scene.gateway.status()).messages.lost
}

test('when the core does not read, its clients are not read either; then it gets everything, in order', async () => {
  const phones = [await cast.phone(), await cast.phone()] as const
  core.socket.pause()
  const before = residentBytes(scene.gateway.process.pid)
  const floods = phones.map(({ socket }, who) => new Flood(socket, numbered(`phone-${who}`)))
  for (const [who, { address }] of phones.entries()) await standstill(scene, address, floods[who]!)
  const grown = residentBytes(scene.gateway.process.pid) - before
  for (const { bytes } of floods) assert.ok(bytes < floodBytes, `${bytes} bytes were taken`)
  assert.ok(grown < allowedGrowth, `grew by ${grown >> 20} MB`)

  for (const flood of floods) flood.stop()
  const come = core.received.length
  core.socket.resume()
  const sent = floods.reduce((sum, { messages }) => sum + messages, 0)
  await until(`${sent} messages`, () => core.received.length >= come + sent, patienceMs * 2)
  for (const [who, { messages }] of floods.entries()) {
    const callIds = core.received.slice(come).map((message) => headerOf(message, 'Call-ID')!)
    const own = callIds.filter((callId) => callId.startsWith(`phone-${who}-`))
    assert.deepEqual(
      own,
      Array.from({ length: messages }, (_, i) => `phone-${who}-${i}`),
    )
  }
  assert.deepEqual(await lost(), {})
  core.received.length = 0
})

test('a phone that does not read is cut at 1 MiB, and holds up neither the core nor another phone', async (t) => {
  const where = await startEdgeCast(t, usual)
  const [stuck, other] = [await registered(where), await registered(where)]
  stuck.phone.socket.pause()
  const before = residentBytes(where.scene.gateway.process.pid)
  const toStuck = numbered('stuck', [`Route: ${stuck.path}`])
  const toOther = numbered('other', [`Route: ${other.path}`], '')
  // one small message for the other behind each large one
  const flood = new Flood(where.core.socket, (index) => Buffer.concat([toStuck(index), toOther(index)]))
  const { event } = await assertFailure(where.scene, 'ERROR', 'send-timeout', { peer: stuck.phone.address })
  flood.stop()
  assert.match(String(event.Message), /1048576 bytes/)
  const grown = residentBytes(where.scene.gateway.process.pid) - before
  assert.ok(grown < allowedGrowth, `grew by ${grown >> 20} MB`)
  await until('every message for the other', () => other.phone.received.length >= flood.messages, patienceMs)
  assert.deepEqual(
    other.phone.received.slice(1).map((message) => headerOf(message, 'Call-ID')),
    Array.from({ length: flood.messages }, (_, i) => `other-${i}`),
  )
  // What did not leave is counted, and what came afterwards was answered.
  const { messages, edge } = await where.scene.gateway.status()
  const gone = edge!.answered['430'] ?? 0
  assert.ok((messages.lost['send-timeout'] ?? 0) > 0)
  assert.ok(gone + messages.lost['send-timeout']! <= flood.messages)
  const { answer } = await where.core.request({
    method: 'MESSAGE',
    callId: 'afterwards',
    headers: [`Route: ${stuck.path}`],
  })
  assert.equal(startLine(answer), 'SIP/2.0 430 Flow Failed')
})

test('a phone that takes nothing for tls_send_timeout is cut, however little waits for it', async (t) => {
  const strict = await startEdgeCast(t, { ...usual, proto_tls: { ...usual.proto_tls, tls_send_timeout: 300 } })
  const [stuck, other] = [await registered(strict), await registered(strict)]
  stuck.phone.socket.pause()
  const toStuck = numbered('stuck', [`Route: ${stuck.path}`], 'x'.repeat(5000))
  const toOther = numbered('other', [`Route: ${other.path}`], '')
  const errors = () => strict.scene.events({ Event: 'ERROR', peer: stuck.phone.address })
  const before = (await strict.scene.live(strict.core.address)).msgs_in
  let sent = 0
  // One at a time: or so much would wait that the gateway gives up for that alone.
  for (; errors().length === 0; sent++) {
    strict.core.send(toStuck(sent))
    strict.core.send(toOther(sent))
    await strict.scene.live(strict.core.address, ({ msgs_in }) => msgs_in === before + 2 * (sent + 1))
  }
  const { event } = await assertFailure(strict.scene, 'ERROR', 'send-timeout', { peer: stuck.phone.address })
  assert.match(String(event.Message), /waited 300 ms to be sent/)
  await until('every message for the other', () => other.phone.received.length > sent)
})
