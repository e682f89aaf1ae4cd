/**
 * Edge mode without sockets: legs that are played, one upstream over UDP, connections outwards that all fail when the
 * test says so. What it is given goes through the framer or the datagram reader, as it would from a network.
 */

import type { ConnectionFacts, Side, Transport } from '../../src/base/facts.js'
import { parseConfig } from '../../src/config/load.js'
import type { Config } from '../../src/config/types.js'
import { CallSeals } from '../../src/relay/call-seal.js'
import { EdgeMode } from '../../src/relay/edge-mode.js'
import { FlowTokens } from '../../src/relay/flow.js'
import { OwnAddresses } from '../../src/relay/own-addresses.js'
import { Resolver } from '../../src/relay/resolver.js'
import { Upstream } from '../../src/relay/upstreams.js'
import { SipDatagram } from '../../src/sip/datagram.js'
import { SipFramer } from '../../src/sip/framer.js'
import type { Association } from '../../src/tls/association.js'
import type { Connection } from '../../src/tls/connection.js'
import type { Connector, Target } from '../../src/tls/connector.js'
import type { DatagramListener } from '../../src/tls/datagram.js'
import type { ConnectionHandler } from '../../src/tls/handler.js'
import { MessageCounters } from '../../src/tls/message-counters.js'
import { Tap } from '../../src/trace/tap.js'

const limits = { maxMessageBytes: 1_048_576, maxReads: 100, crlfPingpong: true, crlfDrop: true, passCrlf: false }

export interface EdgeInProcessOptions {
  /** sections of the configuration */
  readonly config?: object
}

/** One played peer. */
const noHooks = [() => {}, () => {}, () => {}] as const

export class PlayedLeg {
  readonly written: Buffer[] = []
  state: 'open' | 'closed' = 'open'
  readonly unsentBytes = 0
  callIdStart = 0
  callIdEnd = 0
  handler!: ConnectionHandler

  constructor(readonly facts: ConnectionFacts) {}

  write(bytes: Buffer, _messages: number, whenTaken?: () => void): boolean {
    this.written.push(bytes)
    whenTaken?.()
    return true
  }

  /** What it sends, in one read. False: it is no SIP, and nothing behind the first fault was looked at. */
  says(bytes: Buffer): boolean {
    if (this.facts.transport === 'udp') return this.#datagram(bytes)
    const framer = new SipFramer(limits, {
      onMessage: (buf, start, bodyStart, end) => this.handler.onMessage(buf, start, bodyStart, end),
      onPing() {},
      onCrlf() {},
    })
    return framer.push(bytes) === undefined
  }

  #datagram(bytes: Buffer): boolean {
    const read = new SipDatagram(limits.maxMessageBytes)
    if (read.read(bytes) !== 'message') return false
    this.handler.onMessage(bytes, read.start, read.bodyStart, read.end)
    return true
  }

  pause(): void {}
  resume(): void {}
  end(): void {}
  fail(): void {}
}

export class EdgeInProcess {
  readonly mode: EdgeMode
  readonly messages = new MessageCounters()
  /** what the gateway complained of */
  readonly warnings: string[] = []
  /** the upstream: 192.0.2.1:5060 over UDP */
  readonly core: PlayedLeg
  /** connects outwards that are under way */
  readonly opening: { readonly target: Target; readonly fail: () => void }[] = []
  #legs = 0

  constructor({ config }: EdgeInProcessOptions = {}) {
    const parsed = parseConfig(
      JSON.stringify({
        socket: [
          'tls:127.0.0.1:5061 AS edge.example.com:5061',
          { socket: 'tcp:127.0.0.1:5060', side: 'core' },
          { socket: 'udp:127.0.0.1:5060', side: 'core' },
        ],
        relay: { mode: 'edge', upstream: ['sip:192.0.2.1;transport=udp'], options_interval: 0 },
        trust: { domains: ['carrier.example'] },
        ...config,
      }),
    ) as Config
    const sockets = parsed.socket.map((one) => ({ config: one, address: { ip: one.ip, port: one.port } }))
    this.core = this.#play('core', 'udp', '192.0.2.1', 5060)
    const log = (_what: unknown, message: string): void => void this.warnings.push(message)
    this.mode = new EdgeMode({
      config: () => parsed,
      own: new OwnAddresses(sockets, ['127.0.0.1']),
      seals: new CallSeals('a secret of this test'),
      tokens: new FlowTokens('a secret of thirty-two characters'),
      resolver: new Resolver({
        servers: [],
        tlsPort: 5061,
        dns: {
          naptr: async () => [],
          srv: async () => [],
          addresses: async () => ({ ips: ['198.51.100.1'], ttl: 60 }),
        },
      }),
      connector: {
        identityFor: () => '',
        open: (target: Target, handler: ConnectionHandler) => this.#open(target, handler),
      } as unknown as Connector,
      contexts: () => {
        throw new Error('no connect ever succeeds here')
      },
      datagrams: [{ reaches: () => true, associationTo: () => this.core } as unknown as DatagramListener],
      messages: this.messages,
      tap: new Tap({} as never, {} as never, ...noHooks),
      log: { debug: log, info: log, warn: log, error: log } as never,
      userAgent: 'test',
    })
    this.mode.associate(this.core as unknown as Association)
    this.mode.use(
      parsed.relay.upstream.map((one) => new Upstream(one)),
      [],
    )
  }

  /** A phone over TLS. */
  phone(ip = '203.0.113.7'): PlayedLeg {
    return this.join('edge', 'tls', ip)
  }

  /** A peer that has connected to us. */
  join(side: Side, transport: Transport, ip: string): PlayedLeg {
    const leg = this.#play(side, transport, ip, 40_000 + this.#legs)
    this.mode.associate(leg as unknown as Association)
    return leg
  }

  #play(side: Side, transport: Transport, ip: string, port: number): PlayedLeg {
    const own = transport === 'tls' ? 5061 : 5060
    return new PlayedLeg({
      id: String(++this.#legs),
      direction: 'in',
      transport,
      side,
      local: { ip: '127.0.0.1', port: own },
      peer: { ip, port },
      peerIdentities: [],
      users: [],
      trusted: side === 'core',
    } as unknown as ConnectionFacts)
  }

  #open(target: Target, handler: ConnectionHandler): Connection {
    const facts = {
      id: String(++this.#legs),
      closed: { cause: 'connect-refused', message: 'refused' },
      connectMs: undefined,
    }
    const fail = (): void => {
      if (connection.state === 'closed') return
      connection.state = 'closed'
      handler.onClosed()
    }
    const connection = { facts, state: 'opening', fail }
    this.opening.push({ target, fail })
    return connection as unknown as Connection
  }
}
