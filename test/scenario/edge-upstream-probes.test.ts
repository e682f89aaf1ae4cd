/** OPTIONS to the upstreams: what is sent, what an answer means, and where it is seen. */
import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import { networkOf } from '../support/hep-network.js'
import { freePort } from '../support/ports.js'
import { answerProbes, isIn, isProbe, startProbing } from '../support/probed-upstreams.js'
import type { Scene } from '../support/scene.js'
import { headerOf, sipAnswer, sipRequest, startLine } from '../support/sip.js'
import { SipDatagrams } from '../support/sip-datagrams.js'
import { SipServer } from '../support/sip-server.js'
import { SipTrunk } from '../support/sip-trunk.js'
import { until } from '../support/wait.js'

function sip({ collector }: Scene, callId?: string) {
  return collector.records.filter(
    ({ type, correlation }) => type === 1 && (callId === undefined || correlation === callId),
  )
}

/** Waits for a call of a phone that the trace has on both legs; returns its Call-ID. */
async function tracedCall(scene: Scene): Promise<string> {
  const phone = await scene.client()
  const { request } = await phone.request({ method: 'MESSAGE', uri: 'sip:bob@example.com' })
  const callId = headerOf(request, 'Call-ID')!
  await until('the call in the trace', () => sip(scene, callId).length === 4)
  return callId
}

describe('with an interval', async () => {
  const scope = { after }
  const answers = ['200 OK', '404 Not Found', '405 Method Not Allowed', '500 Oops', '503 Unavailable', '408 Timeout']
  const servers = await Promise.all(answers.map(() => SipServer.start(scope)))
  for (const [i, server] of servers.entries()) answerProbes(server, answers[i])
  const [deadPort, udpPort] = [await freePort(), await freePort()]
  const datagrams = await SipDatagrams.start(scope)
  const upstream = [...servers.map(({ uri }) => uri), `sip:127.0.0.1:${deadPort};transport=tcp`, datagrams.uri]
  const [tcpIndex, deadIndex, udpIndex] = [0, servers.length, servers.length + 1]
  const server = servers[tcpIndex]!
  const tlsPort = await freePort()
  const scene = await startProbing(scope, upstream, {
    socket: [`tls:127.0.0.1:${tlsPort}`, `udp:127.0.0.1:${udpPort}`],
    relay: { options_timeout: 20_000 },
  })

  test('over UDP a probe that is lost is sent again, with the same branch', async () => {
    const [lost, again] = [await datagrams.next(), await datagrams.next()]
    assert.equal(startLine(lost), `OPTIONS sip:${datagrams.address} SIP/2.0`)
    assert.match(
      headerOf(lost, 'Via')!,
      new RegExp(`^SIP/2\\.0/UDP 127\\.0\\.0\\.1:${udpPort};branch=z9hG4bK\\S+;rport$`),
    )
    assert.deepEqual(again, lost)
    datagrams.send(sipAnswer(again), udpPort)
    await isIn(scene, 'up', udpIndex)
  })

  test('probes are OPTIONS that any SIP server can answer, one after the other, over one connection', async () => {
    const probes = await until('three probes', () => server.requests.length >= 3 && server.requests.slice(0, 3))
    for (const probe of probes) {
      assert.equal(startLine(probe), `OPTIONS sip:127.0.0.1:${server.port} SIP/2.0`)
      assert.match(headerOf(probe, 'Via')!, /^SIP\/2\.0\/TCP 127\.0\.0\.1:\d+;branch=z9hG4bK\S+$/)
      assert.match(headerOf(probe, 'From')!, /^<sip:127\.0\.0\.1>;tag=\S+$/)
      assert.equal(headerOf(probe, 'To'), '<sip:127.0.0.1>')
      assert.match(headerOf(probe, 'Contact')!, /^<sip:127\.0\.0\.1:\d+;transport=tcp>$/)
      assert.equal(headerOf(probe, 'Max-Forwards'), '70')
      assert.match(headerOf(probe, 'User-Agent')!, /^hepgate\//)
      assert.ok(probe.toString('latin1').endsWith('\r\nContent-Length: 0\r\n\r\n'))
    }
    for (const name of ['Call-ID', 'Via', 'From']) {
      assert.equal(new Set(probes.map((probe) => headerOf(probe, name))).size, 3, name)
    }
    assert.equal(server.connections.size, 1)
  })

  test('the answers are counted, and are no responses that match nothing', async () => {
    const status = await scene.status('three answers', ({ upstreams }) => (upstreams[tcpIndex]?.probes?.sent ?? 0) >= 3)
    const { state, probes, connections } = status.upstreams[tcpIndex]!
    assert.deepEqual([state, probes?.failed, connections], ['up', 0, 1])
    assert.ok(probes!.lastMs! >= 0)
    assert.deepEqual(status.edge?.responsesDropped, {})
  })

  test('whatever is answered shows that somebody is there, but for 503 and 408', async () => {
    for (const [index, answer] of answers.entries()) {
      const isRefusal = answer.startsWith('503') || answer.startsWith('408')
      const { probes, lastError } = await isIn(scene, isRefusal ? 'down' : 'up', index)
      if (isRefusal) assert.match(lastError!, new RegExp(`^upstream-failed: .*${answer.slice(0, 3)}`))
      else assert.equal(probes?.failed, 0, answer)
    }
  })

  test('a probe and its answer are in the trace, as they were on the wire', async () => {
    const isAnswered = (probe: Buffer) => sip(scene, headerOf(probe, 'Call-ID')).length === 2
    const probe = await until('a probe and its answer', () => server.requests.find(isAnswered))
    const records = sip(scene, headerOf(probe, 'Call-ID'))
    assert.deepEqual(
      records.map(({ payload }) => startLine(payload)),
      [startLine(probe), 'SIP/2.0 200 OK'],
    )
    assert.deepEqual(records[0]!.payload, probe)
    const [out, back] = records.map(networkOf)
    assert.deepEqual([out!.protocol, out!.destination], [6, `127.0.0.1:${server.port}`])
    assert.deepEqual([back!.protocol, back!.source, back!.destination], [6, out!.destination, out!.source])
  })

  test('over UDP too', async () => {
    const isAnswered = (probe: Buffer) =>
      sip(scene, headerOf(probe, 'Call-ID')).some(({ payload }) => payload.toString().startsWith('SIP/'))
    const probe = await until('an answer over UDP', () => datagrams.received.find(isAnswered))
    const records = sip(scene, headerOf(probe, 'Call-ID')).map(networkOf)
    assert.ok(records.every(({ protocol }) => protocol === 17))
    assert.equal(records[0]!.destination, datagrams.address)
    assert.equal(records.at(-1)!.source, datagrams.address)
  })

  test('a server that nobody can reach is down, and up once it listens', async (t) => {
    const { lastError, connections } = await isIn(scene, 'down', deadIndex)
    assert.match(lastError!, /^connect-refused/)
    assert.equal(connections, 0)
    const late = await SipTrunk.tcp(t, '127.0.0.1', deadPort)
    await isIn(scene, 'up', deadIndex)
    assert.ok(isProbe(late.arrivals[0]!.message))
  })
})

describe('otherwise', { concurrency: true }, () => {
  test('with trace.probes 0 neither probes nor answers are in the trace, also those that come too late', async (t) => {
    const [server, slow] = [await SipServer.start(t), await SipServer.start(t)]
    const trunk = await SipTrunk.tcp(t)
    answerProbes(slow, undefined)
    const scene = await startProbing(t, [server.uri, { uri: slow.uri, weight: 0 }], {
      trace: { probes: 0 },
      relay: { options_interval: 10, trunk: [{ uri: trunk.uri, keepalive: 0, options: 10 }] },
    })
    await scene.status('two answers, and a miss', ({ upstreams }) => {
      const [prompt, missed, atEdge] = upstreams.map(({ probes }) => probes!)
      return [prompt!, atEdge!].every(({ sent, failed }) => sent === 1 && failed === 0) && missed!.failed === 1
    })
    const [connection] = slow.connections
    connection!.write(sipAnswer(slow.requests[0]!))
    // behind it, on the same connection
    connection!.write(sipRequest({ uri: 'sip:alice@192.0.2.10', method: 'OPTIONS', callId: 'behind@late' }))
    await until('what came behind it', () => sip(scene, 'behind@late').length > 0)
    const callId = await tracedCall(scene)
    const traced = new Set(sip(scene).map(({ correlation }) => correlation))
    assert.deepEqual([...traced], ['behind@late', callId])
    assert.deepEqual((await scene.gateway.status()).edge?.responsesDropped, {}, 'a late answer to a probe is known')
  })

  test('without an interval nobody is probed, and a connection is what brings a server up', async (t) => {
    const server = await SipServer.start(t)
    const scene = await startProbing(t, [server.uri], { relay: { options_interval: 0 } })
    assert.equal((await isIn(scene, 'up')).probes, undefined)
    await tracedCall(scene)
    assert.deepEqual(server.requests.filter(isProbe), [])
  })
})
