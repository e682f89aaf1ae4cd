/** Each message is traced on each leg as it was on the wire there, with the same Call-ID; our own answers too. */
import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import { pathTo, startEdgeCast } from '../support/edge-cast.js'
import { networkOf } from '../support/hep-network.js'
import { changed, headerOf, sipRequest, startLine, token } from '../support/sip.js'
import { SipDatagrams } from '../support/sip-datagrams.js'
import {
  assertTraced,
  cameIn,
  protocols,
  recordsOf,
  type TracedLeg,
  type TracedMessage,
  wentOut,
} from '../support/sip-trace.js'
import { until } from '../support/wait.js'

const scope = { after }
const cast = await startEdgeCast(scope)
const { core, corePort, edgePort, scene } = cast
const { collector } = scene
const [phone, server, udp] = [await cast.phone(), await cast.coreServer(), await SipDatagrams.start(scope)]
const path = await pathTo(phone, core)

/** The legs as the gateway must name them. */
const legs = {
  phone: { protocol: protocols.tls, peer: phone.address, own: `127.0.0.1:${edgePort}` },
  // The gateway connected to the upstream, the other server to the gateway.
  core: { protocol: protocols.tcp, peer: core.address, own: core.remoteAddress },
  server: { protocol: protocols.tcp, peer: server.address, own: `127.0.0.1:${corePort}` },
  udp: { protocol: protocols.udp, peer: udp.address, own: `127.0.0.1:${corePort}` },
} satisfies Record<string, TracedLeg>

/** One end of a conversation, over whatever it talks. */
interface End {
  readonly leg: TracedLeg
  send(message: Buffer): void
  next(): Promise<Buffer>
}

const ends = {
  phone: { leg: legs.phone, send: (message) => phone.send(message), next: () => phone.next() },
  core: { leg: legs.core, send: (message) => core.send(message), next: () => core.next() },
  server: { leg: legs.server, send: (message) => server.send(message), next: () => server.next() },
  udp: { leg: legs.udp, send: (message) => udp.send(message, corePort), next: () => udp.next() },
} satisfies Record<string, End>

/** Writes down what is said, as the collector should have it. */
class Conversation {
  readonly expected: TracedMessage[] = []

  /** Relayed: as it was sent, and then as it came out. */
  async relayed(message: Buffer, from: End, to: End): Promise<Buffer> {
    from.send(message)
    const came = await to.next()
    this.expected.push(cameIn(from.leg, message), wentOut(to.leg, came))
    return came
  }

  /** Answered by the gateway itself. */
  async answered(message: Buffer, from: End): Promise<Buffer> {
    from.send(message)
    const answer = await from.next()
    this.expected.push(cameIn(from.leg, message), wentOut(from.leg, answer))
    return answer
  }

  /** It ends here. */
  dropped(message: Buffer, from: End): void {
    from.send(message)
    this.expected.push(cameIn(from.leg, message))
  }
}

function answerTo(request: Buffer, status: string, tag: string): Buffer {
  const headers = String(request)
    .split('\r\n')
    .filter((line) => /^(?:Via|From|Call-ID|CSeq):/.test(line))
  const to = headerOf(request, 'To')!
  const tagged = to.includes(';tag=') ? to : `${to};tag=${tag}`
  return Buffer.from([`SIP/2.0 ${status}`, ...headers, `To: ${tagged}`, 'Content-Length: 0', '', ''].join('\r\n'))
}

/** A whole call; returns its Call-ID. */
async function wholeCall(from: End, to: End, headers: readonly string[] = []): Promise<string> {
  const talk = new Conversation()
  const [callId, tag] = [`${token()}@calls`, token()]
  const dialog = { callId, from: '<sip:caller@example.com>;tag=caller', headers }
  const invite = await talk.relayed(sipRequest({ ...dialog, method: 'INVITE' }), from, to)
  for (const status of ['100 Trying', '180 Ringing', '200 OK']) {
    await talk.relayed(answerTo(invite, status, tag), to, from)
  }
  const to2 = `<sip:bob@example.com>;tag=${tag}`
  await talk.relayed(sipRequest({ ...dialog, method: 'ACK', to: to2 }), from, to)
  const bye = await talk.relayed(sipRequest({ ...dialog, method: 'BYE', to: to2, cseq: 2 }), from, to)
  await talk.relayed(answerTo(bye, '200 OK', tag), to, from)
  const records = await assertTraced(collector, callId, talk.expected)
  assertTimes(records.map((record) => networkOf(record)))
  return callId
}

/** On each leg time goes forward. */
function assertTimes(networks: readonly { readonly protocol: number; readonly micros: number }[]): void {
  for (const protocol of new Set(networks.map((network) => network.protocol))) {
    const times = networks.filter((network) => network.protocol === protocol).map(({ micros }) => micros)
    assert.deepEqual(
      times,
      [...new Set(times)].sort((a, b) => a - b),
    )
  }
}

describe('a whole call is there on both legs, each message as it was on that leg', () => {
  const route = [`Route: ${path}`]
  const ways: Readonly<Record<string, readonly [from: End, to: End, headers?: readonly string[]]>> = {
    'from a phone to the core: TLS and TCP': [ends.phone, ends.core],
    'from the core over the connection we opened: TCP and TLS': [ends.core, ends.phone, route],
    'from the core over a connection to us: TCP and TLS': [ends.server, ends.phone, route],
    'from the core in datagrams: UDP and TLS': [ends.udp, ends.phone, route],
  }
  for (const [what, way] of Object.entries(ways)) {
    test(what, async () => {
      await wholeCall(...way)
    })
  }
})

test('each leg names its own connection, and the call is told once which TLS connection carries it', async () => {
  const callId = await wholeCall(ends.phone, ends.core)
  const [edge, coreConnection] = [
    await scene.event('ACCEPTED', { peer: phone.address }),
    await scene.live(core.address),
  ]
  for (const record of recordsOf(collector, callId)) {
    const { protocol } = networkOf(record)
    const net = protocol === protocols.tls ? edge.conn_id : coreConnection.conn_id
    assert.deepEqual(JSON.parse(record.chunks.get(0x65)!.toString()), { net })
  }
  const sessions = collector.records.filter(({ type, correlation }) => type === 100 && correlation === callId)
  assert.equal(sessions.length, 1)
  assert.ok(sessions[0]!.payload.includes(`"conn_id":"${edge.conn_id}"`))
  assert.ok(collector.records.indexOf(sessions[0]!) < collector.records.indexOf(recordsOf(collector, callId)[0]!))
})

describe('what ends at the gateway is there once, and our answer behind it', () => {
  const noHopLeft = (headers: readonly string[] = []): Buffer =>
    changed(sipRequest({ method: 'INVITE', callId: `${token()}@own`, headers }), 'Max-Forwards: 70', 'Max-Forwards: 0')

  for (const [name, end] of Object.entries(ends)) {
    test(`refused: ${name}`, async () => {
      const talk = new Conversation()
      const answer = await talk.answered(noHopLeft(), end)
      assert.match(startLine(answer), / 483 /)
      await assertTraced(collector, headerOf(answer, 'Call-ID')!, talk.expected)
    })

    test(`OPTIONS to us: ${name}`, async () => {
      const talk = new Conversation()
      const request = sipRequest({ uri: `sip:sip.example.com:${edgePort}`, callId: `${token()}@own` })
      const answer = await talk.answered(request, end)
      assert.match(startLine(answer), / 200 /)
      await assertTraced(collector, headerOf(answer, 'Call-ID')!, talk.expected)
    })

    test(`an ACK that nobody answers: ${name}`, async () => {
      const talk = new Conversation()
      const ack = changed(changed(noHopLeft(), /^INVITE/, 'ACK'), ' INVITE\r', ' ACK\r')
      talk.dropped(ack, end)
      await assertTraced(collector, headerOf(ack, 'Call-ID')!, talk.expected)
    })
  }

  const forged = path.replace(/sip:(.)/, (_, first) => `sip:${first === 'A' ? 'B' : 'A'}`)
  for (const [name, end] of Object.entries({ core: ends.core, server: ends.server, udp: ends.udp })) {
    test(`a token that is forged: ${name}`, async () => {
      const talk = new Conversation()
      const callId = `${token()}@own`
      const answer = await talk.answered(sipRequest({ callId, headers: [`Route: ${forged}`] }), end)
      assert.match(startLine(answer), / 403 /)
      await assertTraced(collector, callId, talk.expected)
    })
  }

  test('without Call-ID there is nothing to file it under: it is counted', async () => {
    const counted = async (): Promise<number> => (await scene.gateway.status()).trace.messagesWithoutCallId
    const before = await counted()
    phone.send(changed(sipRequest(), /^Call-ID:.*\r\n/m, ''))
    assert.match(startLine(await phone.next()), / 400 /)
    await until('both to be counted', async () => (await counted()) === before + 2)
  })
})

describe('as it was on the wire', () => {
  test('a request that we read as a loose router would have sent it is traced as the strict one did', async () => {
    const callId = `${token()}@strict`
    const uri = /<([^>]+)>/.exec(path)![1]!
    const strict = sipRequest({
      method: 'BYE',
      uri,
      callId,
      to: '<sip:a@b>;tag=x',
      headers: ['Route: <sip:alice@192.0.2.10>'],
    })
    const talk = new Conversation()
    const came = await talk.relayed(strict, ends.core, ends.phone)
    assert.equal(startLine(came), 'BYE sip:alice@192.0.2.10 SIP/2.0')
    await assertTraced(collector, callId, talk.expected)
  })

  test('odd spelling, and a body of any bytes', async () => {
    const callId = `${token()}@odd`
    const body = Buffer.from(Array.from({ length: 256 }, (_, i) => i))
    const head = String(sipRequest({ method: 'MESSAGE', callId, headers: ['x-odd :  a\r\n\t b'] }))
    const message = Buffer.concat([Buffer.from(head.replace('Content-Length: 0', 'L : 256')), body])
    const talk = new Conversation()
    const came = await talk.relayed(message, ends.phone, ends.core)
    assert.deepEqual(came.subarray(-256), body)
    await assertTraced(collector, callId, talk.expected)
  })

  test('several messages in one read, each on its own', async () => {
    const callIds = Array.from({ length: 20 }, (_, i) => `${token()}-${i}@many`)
    const requests = callIds.map((callId) => sipRequest({ method: 'MESSAGE', callId }))
    phone.send(Buffer.concat(requests))
    for (const [i, callId] of callIds.entries()) {
      const came = await core.next()
      await assertTraced(collector, callId, [cameIn(legs.phone, requests[i]!), wentOut(legs.core, came)])
    }
    const times = callIds.flatMap((callId) => recordsOf(collector, callId).map((record) => networkOf(record)))
    assertTimes(times)
  })
})

test('two phones: what one says to the other through the core is there four times', async () => {
  const other = await cast.phone()
  const otherLeg = { ...legs.phone, peer: other.address }
  const otherEnd: End = { leg: otherLeg, send: (message) => other.send(message), next: () => other.next() }
  const otherPath = await pathTo(other, core)
  const talk = new Conversation()
  const callId = `${token()}@two`
  const atCore = await talk.relayed(sipRequest({ method: 'MESSAGE', callId }), ends.phone, ends.core)
  const onward = changed(
    atCore,
    /^Via:/m,
    `Route: ${otherPath}\r\nVia: SIP/2.0/TCP 127.0.0.1;branch=z9hG4bK${token()}\r\nVia:`,
  )
  const atOther = await talk.relayed(onward, ends.core, otherEnd)
  const answer = await talk.relayed(answerTo(atOther, '200 OK', 'x'), otherEnd, ends.core)
  await talk.relayed(changed(answer, /^Via: .*\r\n/m, ''), ends.core, ends.phone)
  await assertTraced(collector, callId, talk.expected)
})
