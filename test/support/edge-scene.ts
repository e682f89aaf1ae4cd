/**
 * The cast of edge mode with real peers: a gateway with TLS towards the phones and a core of one Kamailio behind it, a
 * HEP collector that is told everything, certificates from one CA. Phones and trunks are added by the test.
 */
import assert from 'node:assert/strict'
import { type Baresip, type PhoneOptions, startBaresip } from './baresip.js'
import { clientDomain, sceneCa, serverDomain } from './domains.js'
import { type GatewayProcess, startGatewayProcess } from './gateway-process.js'
import { HepCollector, type HepRecord } from './hep-collector.js'
import type { Kamailio } from './kamailio.js'
import { startKamailioRegistrar } from './kamailio-registrar.js'
import { freePort } from './ports.js'
import { lastFirst, type Scope } from './scope.js'
import { headerOf, startLine } from './sip.js'
import { tempDir } from './tmp.js'
import { until } from './wait.js'

type Leg = 'tls' | 'tcp' | 'udp'

export interface EdgeSceneOptions {
  /** what the gateway and the core speak */
  readonly core: 'tcp' | 'udp'
  /** host and port of a trunk over TLS that gets the calls to numbers */
  readonly trunkPort?: number
  /** where the gateway listens for TLS; default: a free port */
  readonly edgePort?: number
  /** `trust` of the gateway */
  readonly trust?: object
}

/** HEP chunk 0x0002 */
const protocols: Readonly<Record<Leg, number>> = { tls: 22, tcp: 6, udp: 17 }
const password = 'kept-by-phones'

export class EdgeScene {
  constructor(
    private readonly scope: Scope,
    readonly gateway: GatewayProcess,
    readonly collector: HepCollector,
    readonly registrar: Kamailio,
    /** `127.0.0.1:PORT` of the TLS socket */
    readonly edge: string,
    private readonly core: 'tcp' | 'udp',
    /** PEM file of the CA that signed the gateway's certificate, for example.com */
    readonly ca: string,
  ) {}

  get edgePort(): number {
    return Number(this.edge.split(':')[1])
  }

  /** A phone over TLS that has registered through the gateway. */
  async phone(user: string, options: Partial<PhoneOptions> = {}): Promise<Baresip> {
    const phone = await startBaresip(this.scope, {
      user,
      password,
      domain: 'example.com',
      proxy: this.edge,
      transport: 'tls',
      ca: this.ca,
      ...options,
    })
    await phone.registered()
    return phone
  }

  /** Ends the TLS connection that a phone registered over last, and waits until it registered over another. */
  async renewConnection(phone: Baresip): Promise<void> {
    const { address } = phone.messages().at(-1)!
    const answer = await fetch(`${this.gateway.apiUrl}/api/v1/connections`)
    const { connections } = (await answer.json()) as { connections: { conn_id: string; peer: string }[] }
    const { conn_id } = connections.find(({ peer }) => peer === address)!
    const closed = await fetch(`${this.gateway.apiUrl}/api/v1/connections/${conn_id}`, { method: 'DELETE' })
    assert.ok(closed.ok, `${closed.status} for DELETE of ${conn_id}`)
    await phone.registered(phone.registrations)
    assert.notEqual(phone.messages().at(-1)!.address, address, 'the same connection again')
  }

  /** The SIP that the collector has of one kind of leg, in the order of its coming. */
  sipOn(leg: Leg): HepRecord[] {
    return this.collector.records.filter((record) => record.type === 1 && protocolOf(record) === protocols[leg])
  }

  /** Every message of this call that the phone sent or got is in the collector: byte for byte, and in its order. */
  async tracedAsSeenBy(phone: Baresip, callId: string): Promise<void> {
    for (const direction of ['sent', 'received'] as const) {
      await this.#settled(`the ${direction} messages of ${phone.uri}`, () => {
        const seen = phone
          .messages()
          .filter((m) => m.direction === direction && headerOf(m.bytes, 'Call-ID') === callId)
        assert.notEqual(seen.length, 0)
        const addresses = new Set(seen.map(({ address }) => address))
        const traced = this.#call(callId, 'tls').filter((record) =>
          addresses.has(direction === 'sent' ? source(record) : destination(record)),
        )
        assert.deepEqual(
          traced.map(({ payload }) => payload.toString()),
          seen.map(({ bytes }) => bytes.toString()),
        )
      })
    }
  }

  /**
   * Each message of this call is in the collector once for each leg, as it came and then as it went, and the call is
   * told from its beginning to its end.
   */
  async tracedOnBothLegs(callId: string): Promise<void> {
    await this.#settled(`both legs of ${callId}`, () => {
      const records = [...this.#call(callId, 'tls'), ...this.#call(callId, this.core)]
      records.sort((a, b) => this.collector.records.indexOf(a) - this.collector.records.indexOf(b))
      const labels = [...new Set(records.map(label))]
      for (const wanted of labels) {
        const legs = records.filter((record) => label(record) === wanted).map((record) => protocolOf(record))
        // Relayed without state: what came on one leg went on the other at once, before anything else like it came.
        for (let at = 0; at < legs.length; at += 2) {
          const [came, went] = [legs[at] === protocols.tls, legs[at + 1] === protocols.tls]
          assert.ok(at + 1 < legs.length && came !== went, `${wanted} was on the legs ${legs}`)
        }
      }
      const milestones = labels.filter((one) => !/^1\d\d /.test(one))
      assert.deepEqual(milestones, ['INVITE', '200 INVITE', 'ACK', 'BYE', '200 BYE'])
    })
  }

  #call(callId: string, leg: Leg): HepRecord[] {
    return this.sipOn(leg).filter(({ correlation }) => correlation === callId)
  }

  /** Waits until `check` no longer throws: the last packets may be on their way. */
  async #settled(what: string, check: () => void): Promise<void> {
    await until(what, () => {
      check()
      return true
    })
  }
}

/** Starts the cast. A call to a number goes to the trunk, for which the gateway has a certificate. */
export async function startEdgeScene(test: Scope, options: EdgeSceneOptions): Promise<EdgeScene> {
  const scope = lastFirst(test)
  const dir = tempDir(scope)
  const collector = await HepCollector.start(scope)
  const [edgePort, corePort] = [options.edgePort ?? (await freePort()), await freePort()]
  const { core, trunkPort, trust = {} } = options
  const registrar = await startKamailioRegistrar(scope, {
    password,
    ...(trunkPort === undefined
      ? {}
      : {
          trunk: {
            through: `sip:127.0.0.1:${corePort};transport=${core}`,
            to: `127.0.0.1:${trunkPort};transport=tls`,
          },
        }),
  })
  const ca = sceneCa.writeTo(dir)
  const certificate = sceneCa.issue({ dns: ['example.com'], ips: ['127.0.0.1'] })
  const gateway = await startGatewayProcess(scope, {
    socket: [`tls:127.0.0.1:${edgePort}`, { socket: `${core}:127.0.0.1:${corePort}`, side: 'core' }],
    proto_tls: { trace_on: 1, trace_destination: 'hep_dest' },
    proto_hep: { hep_id: [collector.destination('hep_dest', 'tcp')] },
    tls_mgm: {
      server_domain: [serverDomain(dir, 'example.com', { verify_cert: 1, ca_list: ca }, certificate)],
      ...(trunkPort === undefined ? {} : { client_domain: [clientDomain(dir, trunkPort, {}, certificate)] }),
    },
    relay: { mode: 'edge', upstream: [`sip:127.0.0.1:${registrar.port};transport=${core}`] },
    trust,
  })
  return new EdgeScene(scope, gateway, collector, registrar, `127.0.0.1:${edgePort}`, core, ca)
}

function protocolOf(record: HepRecord): number {
  return record.chunks.get(0x02)![0]!
}

/** `INVITE`, `200 INVITE`: tells the messages of a call without re-INVITE apart. */
function label({ payload }: HepRecord): string {
  const method = headerOf(payload, 'CSeq')!.split(' ')[1]!
  const status = /^SIP\/2\.0 (\d+)/.exec(startLine(payload))
  return status === null ? method : `${status[1]} ${method}`
}

function source({ chunks }: HepRecord): string {
  return `${chunks.get(0x03)!.join('.')}:${chunks.get(0x07)!.readUInt16BE()}`
}

function destination({ chunks }: HepRecord): string {
  return `${chunks.get(0x04)!.join('.')}:${chunks.get(0x08)!.readUInt16BE()}`
}
