/**
 * The usual cast of a scenario: a gateway process that traces everything, the HEP collector it reports to, the SIP
 * server behind it, and certificates from one CA. A test changes only what it is about.
 */

import { serverDomain } from './domains.js'
import { type GatewayProcess, startGatewayProcess } from './gateway-process.js'
import { eventOf, HepCollector, type HepRecord } from './hep-collector.js'
import { lastFirst, type Scope } from './scope.js'
import { SipClient } from './sip-client.js'
import { SipServer } from './sip-server.js'
import { tempDir } from './tmp.js'
import { until } from './wait.js'

type Section = Readonly<Record<string, unknown>>
export type EventFields = Readonly<Record<string, unknown>>
/** What a test says of the configuration; each section is merged into the usual one. */
export type SceneConfig = Readonly<Record<string, unknown>>

/** Generous, because the machine may be busy with other tests. */
export const patienceMs = 30_000

/** a connection as `GET /api/v1/connections` shows it, as far as tests look at it */
export interface LiveConnection {
  readonly conn_id: string
  readonly direction: 'in' | 'out'
  readonly side: 'edge' | 'core'
  readonly peer: string
  readonly bytes_in: number
  readonly bytes_out: number
  readonly msgs_in: number
  readonly msgs_out: number
  readonly relayed_to?: string
  readonly tls_version?: string
  readonly trusted?: boolean
}

export class Scene {
  constructor(
    readonly gateway: GatewayProcess,
    readonly collector: HepCollector,
    readonly server: SipServer,
    /** where certificates lie */
    readonly dir: string,
  ) {}

  get port(): number {
    return this.gateway.port
  }

  /** A client that has shaken hands with the gateway. */
  client(options: object = {}): Promise<SipClient> {
    return SipClient.connect({ port: this.port, servername: 'sip.example.com', ...options })
  }

  /** The events with these fields, in the order they came. */
  events(fields: EventFields = {}): EventFields[] {
    return this.collector.events().filter((event) => hasFields(event, fields))
  }

  /** The first event with these fields, waited for. */
  event(name: string, fields: EventFields = {}): Promise<EventFields> {
    const wanted = { Event: name, ...fields }
    return until(`the event ${JSON.stringify(wanted)}`, () => this.events(wanted)[0], patienceMs)
  }

  /** The HEP packet an event came in: for its addresses and time. */
  recordOf(event: EventFields): HepRecord {
    const found = this.collector.records.find((record) => {
      if (record.type !== 100 && record.type !== 89) return false
      const { conn_id, seq } = eventOf(record)
      return conn_id === event.conn_id && seq === event.seq
    })
    if (found === undefined) throw new Error(`no packet holds event ${event.seq} of ${event.conn_id}`)
    return found
  }

  /** Waits until a client's upstream connection stands, so that no message needs to wait for it. */
  async relayed(peer: string): Promise<void> {
    const { conn_id } = await this.event('ACCEPTED', { peer })
    await this.event('CONNECTED', { relayed_to: conn_id, Status: 'SUCCESS' })
  }

  async connections(): Promise<readonly LiveConnection[]> {
    const answer = await fetch(`${this.gateway.apiUrl}/api/v1/connections`)
    return ((await answer.json()) as { connections: LiveConnection[] }).connections
  }

  /** The live connection of this peer once it is as `probe` wants it. */
  live(peer: string, probe: (connection: LiveConnection) => boolean = () => true): Promise<LiveConnection> {
    return until(
      `the live connection of ${peer}`,
      async () => (await this.connections()).find((connection) => connection.peer === peer && probe(connection)),
      patienceMs,
    )
  }

  /** Waits until a number of the status is what a test expects. */
  async status(what: string, probe: (status: Awaited<ReturnType<GatewayProcess['status']>>) => unknown) {
    return until(
      `status: ${what}`,
      async () => {
        const status = await this.gateway.status()
        return probe(status) ? status : undefined
      },
      patienceMs,
    )
  }
}

/** Starts the cast. Without a `tls_mgm` every name is served with a certificate for sip.example.com. */
export async function startScene(test: Scope, config: SceneConfig = {}, dir = tempDir(test)): Promise<Scene> {
  const scope = lastFirst(test)
  const collector = await HepCollector.start(scope)
  const server = await SipServer.start(scope)
  const usual: Record<string, Section> = {
    proto_tls: {
      trace_on: 1,
      trace_destination: 'hep_dest',
      tls_handshake_timeout: patienceMs,
      tls_send_timeout: patienceMs,
    },
    proto_hep: { hep_id: [collector.destination('hep_dest', 'tcp')], hep_capture_id: 2001, hep_node_name: 'gw-1' },
    tls_mgm: { server_domain: [serverDomain(dir, 'sip.example.com')] },
    relay: { mode: 'tunnel', upstream: [server.uri] },
  }
  const merged: Record<string, unknown> = { ...usual }
  for (const [name, value] of Object.entries(config)) {
    const before = usual[name]
    merged[name] = before === undefined ? value : { ...before, ...(value as Section) }
  }
  return new Scene(await startGatewayProcess(scope, merged), collector, server, dir)
}

function hasFields(event: EventFields, fields: EventFields): boolean {
  return Object.entries(fields).every(([key, value]) => event[key] === value)
}
