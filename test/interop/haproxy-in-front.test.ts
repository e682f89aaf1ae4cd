/** HAProxy in TCP mode in front of the gateway: events name the real client, and who does not announce itself is refused. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { startGatewayProcess } from '../support/gateway-process.js'
import { HepCollector } from '../support/hep-collector.js'
import { lacks, peer } from '../support/peers.js'
import { accepts, freePort } from '../support/ports.js'
import { startProcess } from '../support/process.js'
import type { Scope } from '../support/scope.js'
import { startLine } from '../support/sip.js'
import { SipClient } from '../support/sip-client.js'
import { tempDir } from '../support/tmp.js'
import { until } from '../support/wait.js'

describe('HAProxy in front of the gateway', { skip: lacks('haproxy') }, () => {
  for (const option of ['send-proxy', 'send-proxy-v2', 'send-proxy-v2-ssl-cn']) {
    test(`with ${option}, events and SIP packets name the real client`, async (t) => {
      const collector = await HepCollector.start(t)
      const { haproxyPort, gateway } = await start(t, collector, option)
      const client = await SipClient.connect({ port: haproxyPort, localAddress: '127.0.0.9' })
      const { request, answer } = await client.request()
      assert.equal(startLine(answer), 'SIP/2.0 200 OK')
      await client.close()

      const accepted = await collector.event('ACCEPTED', (e) => e.Status === 'SUCCESS')
      assert.equal(accepted.peer, client.address)
      const closed = await collector.event('CLOSED', (e) => e.conn_id === accepted.conn_id)
      assert.equal(closed.peer, client.address)
      const packet = collector.records.find((record) => record.type === 1 && record.payload.equals(request))
      assert.equal(packet?.chunks.get(0x03)?.join('.'), '127.0.0.9')
      assert.equal(
        packet?.chunks.get(0x07)?.readUInt16BE(),
        client.socket.localPort ?? Number(client.address.split(':')[1]),
      )
      await gateway.stop()
    })
  }

  test('a load balancer that forgets the header is refused: bad-proxy-header', async (t) => {
    const collector = await HepCollector.start(t)
    const { haproxyPort, gateway } = await start(t, collector, '')
    await assert.rejects(SipClient.connect({ port: haproxyPort }))
    const event = await collector.event('ACCEPTED', (e) => e.cause === 'bad-proxy-header')
    assert.equal(event.Status, 'FAILURE')
    await gateway.stop()
  })
})

async function start(scope: Scope, collector: HepCollector, option: string) {
  const gatewayPort = await freePort()
  const gateway = await startGatewayProcess(scope, {
    relay: { mode: 'tunnel' },
    socket: [{ socket: `tls:127.0.0.1:${gatewayPort}`, proxy_protocol: ['127.0.0.1/32'] }],
    proto_tls: { trace_destination: 'hep', trace_on: 1 },
    proto_hep: { hep_id: [collector.destination('hep', 'tcp')] },
  })
  const haproxyPort = await freePort()
  const file = join(tempDir(scope), 'haproxy.cfg')
  writeFileSync(
    file,
    `defaults
  mode tcp
  timeout connect 5s
  timeout client 60s
  timeout server 60s
listen sips
  bind 127.0.0.1:${haproxyPort}
  server gateway 127.0.0.1:${gatewayPort} ${option}
`,
  )
  const haproxy = startProcess(scope, peer('haproxy'), ['-db', '-f', file])
  await until('HAProxy to listen', () => !haproxy.running || accepts(haproxyPort))
  assert.ok(haproxy.running, haproxy.output)
  return { haproxyPort, gateway }
}
