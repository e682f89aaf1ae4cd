/**
 * Which calls are traced is decided by the connection of the phone: its legs to the core follow, though many phones share
 * them, and though those were there before tracing was switched on.
 */
import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import { pathTo, startEdgeCast } from '../support/edge-cast.js'
import { networkOf } from '../support/hep-network.js'
import { addressOf, tcpConnect } from '../support/listening.js'
import { changed, headerOf, sipRequest, startLine, token } from '../support/sip.js'
import type { SipClient } from '../support/sip-client.js'
import { SipDatagrams } from '../support/sip-datagrams.js'
import { protocols, recordsOf } from '../support/sip-trace.js'
import { until } from '../support/wait.js'

const scope = { after }
const chosenIp = '127.0.0.7'
const cast = await startEdgeCast(scope, {
  proto_tls: { trace_filter_route: 'one_phone' },
  routes: { one_phone: `if ($si == "${chosenIp}") exit; else drop;` },
})
const { core, scene } = cast
const { collector } = scene
const [server, udp] = [await cast.coreServer(), await SipDatagrams.start(scope)]
const [chosen, other] = [await phoneAt(chosenIp), await phoneAt('127.0.0.8')]
const [chosenPath, otherPath] = [await pathTo(chosen, core), await pathTo(other, core)]

async function phoneAt(ip: string): Promise<SipClient> {
  const socket = await tcpConnect(scope, cast.edgePort, '127.0.0.1', ip)
  const phone = await cast.phone({ socket })
  assert.equal(phone.address, addressOf(socket))
  return phone
}

/** A request of a phone that the core answers. */
async function up(phone: SipClient, callId = `${token()}@up`): Promise<string> {
  phone.send(sipRequest({ method: 'MESSAGE', callId }))
  core.answer(await core.next())
  assert.equal(startLine(await phone.next()), 'SIP/2.0 200 OK')
  return callId
}

/** A request of the core that a phone answers. */
async function down(phone: SipClient, path: string, from = server): Promise<string> {
  const callId = `${token()}@down`
  from.send(sipRequest({ method: 'MESSAGE', callId, headers: [`Route: ${path}`] }))
  phone.answer(await phone.next())
  assert.equal(startLine(await from.next()), 'SIP/2.0 200 OK')
  return callId
}

/** The same in datagrams. */
async function downByUdp(phone: SipClient, path: string): Promise<string> {
  const callId = `${token()}@udp`
  udp.send(sipRequest({ method: 'MESSAGE', callId, headers: [`Route: ${path}`] }), cast.corePort)
  phone.answer(await phone.next())
  assert.equal(startLine(await udp.next()), 'SIP/2.0 200 OK')
  return callId
}

/** An answer of the gateway itself. */
async function own(phone: SipClient): Promise<string> {
  const request = changed(sipRequest({ callId: `${token()}@own` }), 'Max-Forwards: 70', 'Max-Forwards: 0')
  const { answer } = await phone.request(request)
  return headerOf(answer, 'Call-ID')!
}

/** Everything that was sent before this call has arrived at the collector when this returns. */
async function settled(): Promise<void> {
  const callId = await up(chosen)
  await until('the marker at the collector', () => recordsOf(collector, callId).length === 4)
}

function legsOf(callId: string): number[] {
  return recordsOf(collector, callId).map((record) => networkOf(record).protocol)
}

const { tls, tcp, udp: datagram } = protocols

describe('a filter that selects one phone', () => {
  const ways: Readonly<Record<string, readonly [(phone: SipClient, path: string) => Promise<string>, number[]]>> = {
    'what it says to the core': [(phone) => up(phone), [tls, tcp, tcp, tls]],
    'what the core says to it': [(phone, path) => down(phone, path), [tcp, tls, tls, tcp]],
    'the same over the connection that we opened': [(phone, path) => down(phone, path, core), [tcp, tls, tls, tcp]],
    'the same in datagrams': [downByUdp, [datagram, tls, tls, datagram]],
    'what we answer it ourselves': [own, [tls, tls]],
  }
  for (const [what, [say, legs]] of Object.entries(ways)) {
    test(`${what}: all of it is there, and nothing of the other phone`, async () => {
      const [others, callId, othersAgain] = [
        await say(other, otherPath),
        await say(chosen, chosenPath),
        await say(other, otherPath),
      ]
      await settled()
      assert.deepEqual(legsOf(callId), legs)
      assert.deepEqual(legsOf(others), [])
      assert.deepEqual(legsOf(othersAgain), [])
    })
  }

  test('in a call between both its own half is there, and the other half is not', async () => {
    const callId = `${token()}@both`
    chosen.send(sipRequest({ method: 'MESSAGE', callId }))
    const atCore = await core.next()
    core.send(changed(atCore, /^Via:/m, `Route: ${otherPath}\r\nVia: SIP/2.0/TCP 127.0.0.1;branch=z9hG4bKp\r\nVia:`))
    other.answer(await other.next())
    core.send(changed(await core.next(), /^Via: .*\r\n/m, ''))
    assert.equal(startLine(await chosen.next()), 'SIP/2.0 200 OK')
    await settled()
    assert.deepEqual(legsOf(callId), [tls, tcp, tcp, tls])
    const ends = recordsOf(collector, callId).flatMap((record) => [
      networkOf(record).source,
      networkOf(record).destination,
    ])
    assert.ok(ends.includes(chosen.address) && !ends.includes(other.address))
  })

  test('what the core asks us ourselves is judged by its own connection, which the filter drops', async () => {
    const { answer } = await server.request({ uri: `sip:127.0.0.1:${cast.corePort}`, callId: `${token()}@core` })
    assert.equal(startLine(answer), 'SIP/2.0 200 OK')
    await settled()
    assert.deepEqual(legsOf(headerOf(answer, 'Call-ID')!), [])
  })

  test('the connections of the core, which it drops, have no events though messages on them are traced', async () => {
    await settled()
    const peers = [core.address, server.address, udp.address, other.address]
    assert.deepEqual(
      scene.events().filter(({ peer }) => peers.includes(String(peer))),
      [],
    )
    assert.equal(scene.events({ Event: 'ACCEPTED', peer: chosen.address }).length, 1)
  })
})

describe('the switch', () => {
  const set = async (body: object): Promise<void> => {
    assert.equal((await scene.gateway.put('/api/v1/tls_trace', body)).status, 200)
  }

  test('off: nothing of anything', async () => {
    await settled()
    await set({ trace_mode: 'off' })
    const before = collector.records.length
    const callIds = [
      await up(chosen),
      await down(chosen, chosenPath),
      await downByUdp(chosen, chosenPath),
      await own(chosen),
      await up(other),
    ]
    await set({ trace_mode: 'on', existing: true })
    await settled()
    for (const callId of callIds) assert.deepEqual(legsOf(callId), [])
    const since = collector.records.slice(before)
    // STATS of the phone, its tls-session record and the marker.
    assert.deepEqual(
      since.map(({ type }) => type),
      [100, 100, 1, 1, 1, 1],
    )
  })

  test('on: a phone that comes after is traced on both legs, though the legs to the core were there before', async () => {
    await set({ trace_mode: 'off' })
    await set({ trace_mode: 'on' })
    const late = await phoneAt(chosenIp)
    const before = await up(chosen)
    const callId = await up(late)
    const route = await pathTo(late, core)
    const called = await down(late, route)
    await until('both calls of the new phone', () => legsOf(callId).length === 4 && legsOf(called).length === 4)
    assert.deepEqual(legsOf(callId), [tls, tcp, tcp, tls])
    assert.deepEqual(legsOf(called), [tcp, tls, tls, tcp])
    assert.deepEqual(legsOf(before), [], 'a phone that was there stays out')
  })
})
