/** Kamailio behind the gateway: over TCP, over TLS, and told the real client by PROXY protocol. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { TestCa } from '../support/certificates.js'
import { startGatewayProcess } from '../support/gateway-process.js'
import { HepCollector } from '../support/hep-collector.js'
import { startKamailio } from '../support/kamailio.js'
import { lacks } from '../support/peers.js'
import { freePort } from '../support/ports.js'
import { headerOf, sipRequest, startLine } from '../support/sip.js'
import { SipClient } from '../support/sip-client.js'
import { tempDir } from '../support/tmp.js'

/** Answers everything without state, and says whom it takes for the sender. */
const replyRoute = `
loadmodule "sl.so"
loadmodule "pv.so"
loadmodule "textops.so"
request_route {
  append_to_reply("X-Source: $proto:$si:$sp\\r\\n");
  append_to_reply("X-Body: $rb\\r\\n");
  sl_send_reply("200", "Kamailio");
}
`

describe('Kamailio as upstream', { skip: lacks('kamailio') }, () => {
  test('answers through the gateway, and message bodies arrive whole', async (t) => {
    const kamailio = await startKamailio(t, () => replyRoute)
    const gateway = await startGatewayProcess(t, {
      relay: { mode: 'tunnel', upstream: [`sip:127.0.0.1:${kamailio.port};transport=tcp`] },
    })
    const client = await SipClient.connect({ port: gateway.port })
    const { answer } = await client.request({ method: 'MESSAGE', body: 'grüße' })
    assert.equal(startLine(answer), 'SIP/2.0 200 Kamailio')
    assert.equal(Buffer.from(headerOf(answer, 'X-Body')!, 'latin1').toString(), 'grüße')
    await client.close()
    await gateway.stop()
  })

  test('answers a hundred requests that were sent at once, each once', async (t) => {
    const kamailio = await startKamailio(t, () => replyRoute)
    const gateway = await startGatewayProcess(t, {
      relay: { mode: 'tunnel', upstream: [`sip:127.0.0.1:${kamailio.port};transport=tcp`] },
    })
    const client = await SipClient.connect({ port: gateway.port })
    await client.request() // more than tls_async_max_postponed_chunks must not wait for the upstream connect
    const ids = Array.from({ length: 100 }, (_, number) => `call-${number}@example.com`)
    client.send(Buffer.concat(ids.map((callId) => sipRequest({ callId }))))
    const answered: (string | undefined)[] = []
    while (answered.length < ids.length) answered.push(headerOf(await client.next(), 'Call-ID'))
    assert.deepEqual(answered, ids)
    await client.close()
    await gateway.stop()
  })

  for (const version of ['v1', 'v2']) {
    test(`is told the real client by PROXY protocol ${version}`, async (t) => {
      const kamailio = await startKamailio(t, () => `tcp_accept_haproxy=yes\n${replyRoute}`)
      const gateway = await startGatewayProcess(t, {
        relay: {
          mode: 'tunnel',
          upstream: [`sip:127.0.0.1:${kamailio.port};transport=tcp`],
          proxy_protocol: version,
        },
      })
      const client = await SipClient.connect({ port: gateway.port, localAddress: '127.0.0.9' })
      const { answer } = await client.request()
      const [ip, port] = client.address.split(':') as [string, string]
      // Kamailio 5.6 takes the port of a v2 header without ntohs(); 6.0 does not.
      const swapped = Buffer.from([Number(port) & 0xff, Number(port) >> 8]).readUInt16BE()
      const accepted = [`tcp:${ip}:${port}`, ...(version === 'v2' ? [`tcp:${ip}:${swapped}`] : [])]
      assert.ok(accepted.includes(headerOf(answer, 'X-Source')!), `${headerOf(answer, 'X-Source')} of ${accepted}`)
      await client.close()
      await gateway.stop()
    })
  }

  test('is reached over TLS, its certificate checked and reported', { skip: lacks('kamailio-tls') }, async (t) => {
    const dir = tempDir(t)
    const ca = TestCa.create()
    const own = ca.issue({ dns: ['core.example.com'], ips: ['127.0.0.1'] }).writeTo(dir, 'kamailio')
    const tlsConfig = join(dir, 'tls.cfg')
    writeFileSync(
      tlsConfig,
      `[server:default]\nmethod = TLSv1.2+\nverify_certificate = no\ncertificate = ${own.certificate}\nprivate_key = ${own.privateKey}\n`,
    )
    const tlsPort = await freePort()
    await startKamailio(
      t,
      () => `enable_tls=yes
listen=tls:127.0.0.1:${tlsPort}
loadmodule "tls.so"
modparam("tls", "config", "${tlsConfig}")
${replyRoute}`,
    )
    const collector = await HepCollector.start(t)
    const gateway = await startGatewayProcess(t, {
      proto_tls: { trace_destination: 'hep', trace_on: 1 },
      proto_hep: { hep_id: [collector.destination('hep', 'tcp')] },
      tls_mgm: {
        client_domain: [{ name: 'core', match_ip_address: '*', verify_cert: 1, ca_list: ca.writeTo(dir) }],
      },
      relay: { mode: 'tunnel', upstream: [`sip:127.0.0.1:${tlsPort};transport=tls`] },
    })
    const client = await SipClient.connect({ port: gateway.port })
    const { answer } = await client.request()
    assert.match(headerOf(answer, 'X-Source')!, /^tls:127\.0\.0\.1:\d+$/)

    const event = await collector.event('CONNECTED')
    assert.equal(event.Status, 'SUCCESS')
    assert.equal(event.direction, 'out')
    assert.equal(event.peer, `127.0.0.1:${tlsPort}`)
    assert.equal(event.verify, 'ok')
    assert.equal(event['server-subject'], '/O=hepgate test/CN=core.example.com')
    await client.close()
    await gateway.stop()
  })
})
