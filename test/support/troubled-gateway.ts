/**
 * A gateway with the troubles that the demo spares its visitors: no server answers, the trunk shows a certificate of a
 * stranger, the collector is away, UDP brings no SIP, and a second phone of one address is one too many.
 */
import { createSocket } from 'node:dgram'
import { join } from 'node:path'
import { createServer } from 'node:tls'
import { TestCa } from './certificates.js'
import { clientDomain, serverDomain } from './domains.js'
import { type GatewayProcess, startGatewayProcess } from './gateway-process.js'
import { listening, tcpConnect } from './listening.js'
import { freePort } from './ports.js'
import { lastFirst, type Scope } from './scope.js'
import { sipRequest } from './sip.js'
import { SipClient } from './sip-client.js'
import { tempDir } from './tmp.js'
import { until } from './wait.js'

/** Each trouble has come up, and is counted. */
export async function startTroubledGateway(test: Scope): Promise<GatewayProcess> {
  const scope = lastFirst(test)
  const dir = tempDir(scope)
  const stranger = TestCa.create().issue({ dns: ['trunk.example.com'] })
  const trunkPort = await listening(scope, createServer({ cert: stranger.chainPem, key: stranger.keyPem }))
  const [edgePort, udpPort, nobody] = [await freePort(), await freePort(), await freePort()]
  const gateway = await startGatewayProcess(scope, {
    socket: [`tls:127.0.0.1:${edgePort}`, `udp:127.0.0.1:${udpPort}`],
    log: { level: 'warn', format: 'json' },
    proto_tls: { trace_on: 1, trace_destination: 'away' },
    proto_hep: { hep_id: `[away]127.0.0.1:${nobody};transport=tcp` },
    trace: { keylog_file: join(dir, 'keys.log') },
    tls_mgm: { server_domain: [serverDomain(dir, 'sip.example.com')], client_domain: [clientDomain(dir, trunkPort)] },
    relay: {
      upstream: [`sip:127.0.0.1:${nobody};transport=tcp`],
      trunk: [`sips:127.0.0.1:${trunkPort}`],
      options_interval: 0,
    },
    limits: { max_connections_per_address: 1 },
  })
  const phone = await SipClient.connect({ port: edgePort })
  scope.after(() => void phone.socket.destroy())
  await phone.request({ method: 'REGISTER', uri: 'sip:example.com' })
  phone.send(sipRequest({ method: 'ACK', uri: 'sip:bob@example.com' }))
  await tcpConnect(scope, edgePort)
  const socket = createSocket('udp4')
  socket.send('no SIP', udpPort, '127.0.0.1', () => socket.close())
  await until('every trouble to be counted', () => gateway.status().then(isTroubled))
  return gateway
}

function isTroubled({ connections, edge, listeners, messages, trace }: Awaited<ReturnType<GatewayProcess['status']>>) {
  const { failures } = connections
  return (
    failures['connect-refused']! > 0 &&
    failures['limit-reached']! > 0 &&
    failures['unknown-ca']! > 0 &&
    messages.lost['connect-refused']! > 0 &&
    edge!.registrations[503]! > 0 &&
    edge!.requestsDropped['not-routable']! > 0 &&
    listeners.some(({ datagrams }) => datagrams !== undefined && datagrams.notSip > 0) &&
    trace.keylogFile!.written > 0
  )
}
