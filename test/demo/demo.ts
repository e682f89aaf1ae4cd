/**
 * The demo as a whole: the real gateway in a process of its own, with certificates made on the spot, and around it
 * everybody it meets: phones, strays, a carrier, SIP servers, another capture agent. Used by `npm run demo`, by the
 * screenshots and by the browser tests.
 */
import { setMaxListeners } from 'node:events'
import { daysFromNow, TestCa } from '../support/certificates.js'
import { DnsServer } from '../support/dns-server.js'
import { serverDomain } from '../support/domains.js'
import { type GatewayProcess, startGatewayProcess } from '../support/gateway-process.js'
import { freePort, freePortFrom } from '../support/ports.js'
import { lastFirst, type Scope } from '../support/scope.js'
import { tempDir } from '../support/tmp.js'
import { startCarrier } from './carrier.js'
import { DemoCore } from './core.js'
import { OtherAgent } from './other-agent.js'
import { habitOf, person } from './people.js'
import { type Balancer, DemoPhone } from './phone.js'
import { letStraysCome } from './strays.js'
import { losePhones, makeCalls } from './traffic.js'

export interface DemoOptions {
  readonly phones: number
  readonly callsPerMinute: number
  /** wanted port of the dashboard; the next free one is taken. undefined: any free ports, for tests */
  readonly port?: number
}

export interface Demo {
  readonly gateway: GatewayProcess
  /** of the dashboard */
  readonly url: string
  /** `127.0.0.1:PORT` where TLS is taken without a load balancer */
  readonly direct: string
  readonly phones: readonly DemoPhone[]
}

const carrierHost = 'sip.carrier.example'
/** Address the load balancer takes connections at, as it says in the PROXY header. */
const publicIp = '192.0.2.1'

interface Ports {
  readonly api: number
  readonly edge: number
  readonly direct: number
  readonly core: number
  readonly servers: number
  readonly carrier: number
  readonly collector: number
}

export async function startDemo(test: Scope, options: DemoOptions): Promise<Demo> {
  const scope = lastFirst(test)
  const over = new AbortController()
  setMaxListeners(0, over.signal) // every connection of the demo ends with it
  const ca = TestCa.create({ name: 'Demo CA' })
  const ports = await choosePorts(options.port)
  const core = await DemoCore.start(scope, ports.servers, carrierHost)
  const dns = await carrierDns(scope, ports.carrier)
  const carrier = ca.issue({ dns: [carrierHost] })
  const flap = await startCarrier(scope, carrier, ports.carrier, { upMs: 75_000, downMs: 12_000 }, over.signal)
  const gateway = await startGatewayProcess(scope, configuration(scope, ca, ports, core, dns), ports.api)
  // The first to end: whoever still tries to connect would only wait.
  scope.after(() => over.abort())
  await gateway.put('/api/v1/tls_trace', { trace_mode: 'on', for: '1h', existing: true })

  const agent = OtherAgent.start(scope, ports.servers, ports.collector)
  core.onCall = (invite, contact) => agent.report(invite, contact)
  const balancer = { port: ports.edge, ip: publicIp }
  const phones = startPhones(options.phones, ca, balancer, over.signal)
  const doings = [
    flap(),
    letStraysCome(balancer, ca, over.signal),
    makeCalls(phones, options.callsPerMinute, over.signal),
    losePhones(phones, over.signal),
  ]
  for (const doing of doings) doing.catch(whenOver(over.signal))
  return { gateway, url: gateway.apiUrl, direct: `127.0.0.1:${ports.direct}`, phones }
}

/** What waits is told of the end by an error; any other error is one of the demo. */
function whenOver(over: AbortSignal): (error: unknown) => void {
  return (error) => {
    if (!over.aborted) throw error
  }
}

function startPhones(count: number, ca: TestCa, balancer: Balancer, over: AbortSignal): DemoPhone[] {
  return Array.from({ length: count }, (_, index) => {
    const phone = new DemoPhone(person(index, ca), balancer, over, habitOf(index))
    void phone.live()
    return phone
  })
}

/** Those people know where they are free; nothing listens yet, so each is asked for behind what was taken. */
async function choosePorts(wanted: number | undefined): Promise<Ports> {
  const taken = new Set<number>()
  const next = async (known: number): Promise<number> => {
    let port = wanted === undefined ? await freePort() : await freePortFrom(known)
    while (taken.has(port)) port = wanted === undefined ? await freePort() : await freePortFrom(port + 1)
    taken.add(port)
    return port
  }
  return {
    api: await next(wanted ?? 0),
    edge: await next(5061),
    direct: await next(5161),
    core: await next(5060),
    servers: await next(5080),
    carrier: await next(5091),
    collector: await next(9060),
  }
}

/** RFC 3263: the trunk has a name, and the carrier a port of its choice. */
function carrierDns(scope: Scope, port: number): Promise<DnsServer> {
  return DnsServer.start(scope, [
    { type: 'SRV', name: `_sips._tcp.${carrierHost}`, priority: 1, weight: 1, port, target: `edge.${carrierHost}` },
    { type: 'A', name: `edge.${carrierHost}`, address: '127.0.0.1' },
  ])
}

function configuration(
  scope: Scope,
  ca: TestCa,
  ports: Ports,
  core: DemoCore,
  dns: DnsServer,
): Record<string, unknown> {
  const dir = tempDir(scope)
  const caFile = ca.writeTo(dir)
  const asks = { verify_cert: 1, require_cert: 0, ca_list: caFile }
  const domain = (name: string, settings: object, days: number) =>
    serverDomain(dir, name, { ...asks, ...settings }, ca.issue({ dns: [name], notAfter: daysFromNow(days) }))
  return {
    socket: [
      {
        socket: `tls:127.0.0.1:${ports.edge}`,
        advertise: `sip.example.com:${ports.edge}`,
        proxy_protocol: ['127.0.0.0/8'],
      },
      `tls:127.0.0.1:${ports.direct} AS sip.example.com:${ports.direct}`,
      `tcp:127.0.0.1:${ports.core}`,
    ],
    log: { level: 'warn', format: 'json' },
    proto_tls: {
      tls_handshake_timeout: 5000,
      tls_send_timeout: 2000,
      trace_destination: ['hep_dest'],
      trace_filter_route: 'not_the_scanners',
    },
    proto_hep: {
      hep_id: [`[hep_dest]127.0.0.1:${ports.collector};transport=tcp`],
      hep_capture_id: 2001,
      hep_node_name: 'edge-1',
    },
    collector: { listen: [`udp:127.0.0.1:${ports.collector}`, `tcp:127.0.0.1:${ports.collector}`] },
    routes: { not_the_scanners: '# Scanners come from this network\nif ($si == "192.0.2.192/26")\n  drop;\n' },
    tls_mgm: {
      server_domain: [
        domain('sip.example.com', { match_sip_domain: ['sip.example.com', 'localhost', 'none'] }, 9),
        domain('voip.example.net', { match_sip_domain: ['voip.example.net'] }, 300),
        domain('trunks.example.com', { match_sip_domain: ['trunks.example.com'], require_cert: 1 }, 87),
      ],
      client_domain: [{ name: 'carrier', match_sip_domain: [`*.${carrierHost}`, carrierHost], ca_list: caFile }],
    },
    relay: {
      upstream: [core.uri],
      options_interval: 10,
      trunk: [{ uri: `sips:${carrierHost}`, keepalive: 0, options: 5 }],
      dns_server: [`127.0.0.1:${dns.address.port}`],
    },
  }
}
