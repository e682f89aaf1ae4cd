/** What tests of destinations need: configurations, legs, messages, events, and a TCP collector that can misbehave. */
import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer, type TlsOptions } from 'node:tls'
import type { ConnectionFacts } from '../../src/base/facts.js'
import { silentLog } from '../../src/base/log.js'
import type { DestinationStatus } from '../../src/base/status.js'
import type { HepDestinationConfig } from '../../src/config/types.js'
import { type LinkTiming, linkTiming } from '../../src/destinations/redial.js'
import { Destinations, type DestinationsConfig } from '../../src/destinations/registry.js'
import type { SenderSettings } from '../../src/destinations/sender.js'
import { decodeHep, HepStream, isHepFault } from '../../src/hep/decode.js'
import type { HepPacket } from '../../src/hep/packet.js'
import type { TracedEvent } from '../../src/trace/event.js'
import type { TracedLeg, TraceSinks } from '../../src/trace/sinks.js'

type Scope = { after(end: () => unknown): void }

/** Waits short enough for a test. */
export const fastTiming: LinkTiming = { ...linkTiming, firstRetryMs: 20, maxRetryMs: 60, stableMs: 0, probeMs: 40 }

export function declaration(overrides: Partial<HepDestinationConfig> & { port: number }): HepDestinationConfig {
  return {
    id: 'hep_dest',
    host: '127.0.0.1',
    transport: 'tcp',
    form: 'log',
    types: [],
    secrets: undefined,
    tls_protocol_id: 22,
    auth_key: undefined,
    ca_list: undefined,
    certificate: undefined,
    private_key: undefined,
    verify_cert: true,
    server_name: undefined,
    ...overrides,
  }
}

export const settings: SenderSettings = {
  hep_capture_id: 2001,
  hep_node_name: 'gw-1',
  hep_queue_bytes: 8 * 1024 * 1024,
  hep_queue_packets: 50_000,
  hep_connect_timeout: 2000,
}

/** Configuration with these declarations, all their ids in use. */
export function destinationsConfig(
  hep_id: readonly HepDestinationConfig[],
  overrides: Partial<SenderSettings> = {},
): DestinationsConfig {
  return {
    proto_hep: { ...settings, hep_flush_timeout: 2000, ...overrides, hep_id },
    proto_tls: { trace_destination: [...new Set(hep_id.map((declared) => declared.id))] },
  }
}

/** Destinations that are closed after the test. */
export function openDestinations(t: Scope, config: DestinationsConfig, timing: LinkTiming = fastTiming): Destinations {
  const destinations = new Destinations(config, silentLog, timing)
  t.after(() => destinations.close(0))
  return destinations
}

export function leg(overrides: Partial<TracedLeg> = {}): TracedLeg {
  return {
    source: { ip: '192.0.2.1', port: 50412 },
    destination: { ip: '192.0.2.2', port: 5061 },
    transport: 'tls',
    connId: '8123456789',
    heads: [],
    ...overrides,
  }
}

/** A SIP message; `cseq` tells one from the other. */
export function sipMessage(cseq: number, body = ''): Buffer {
  return Buffer.from(
    `OPTIONS sip:bob@example.com SIP/2.0\r\nCall-ID: call-${cseq}@test\r\nCSeq: ${cseq} OPTIONS\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  )
}

/** 2026-01-31T12:00:00.000000Z */
export const noonMicros = Date.UTC(2026, 0, 31, 12) * 1000

/** Offers messages with CSeq from..to-1. */
export function offer(sinks: Pick<TraceSinks, 'sip'>, on: TracedLeg, from: number, to: number, body = ''): void {
  for (let cseq = from; cseq < to; cseq++) offerMessage(sinks, on, sipMessage(cseq, body), noonMicros + cseq)
}

export function offerMessage(
  sinks: Pick<TraceSinks, 'sip'>,
  on: TracedLeg,
  message: Buffer,
  micros = noonMicros,
): void {
  const callIdStart = message.indexOf('Call-ID: ') + 'Call-ID: '.length
  sinks.sip(on, micros, message, 0, message.length, callIdStart, message.indexOf('\r\n', callIdStart))
}

export function cseqOf(packet: HepPacket): number {
  return Number(/CSeq: (\d+)/.exec(packet.payload.toString())?.[1])
}

/** from, from+1, … to-1 */
export function numbers(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, i) => from + i)
}

export function facts(overrides: Partial<ConnectionFacts> = {}): ConnectionFacts {
  return {
    id: '8123456789',
    direction: 'in',
    transport: 'tls',
    side: 'edge',
    local: { ip: '192.0.2.2', port: 5061 },
    peer: { ip: '192.0.2.1', port: 50412 },
    proxiedBy: undefined,
    listener: 'tls:0.0.0.0:5061',
    openedMicros: noonMicros,
    domain: 'default',
    sni: 'sip.example.com',
    hello: undefined,
    tls: undefined,
    ownCertificate: undefined,
    peerCertificate: undefined,
    peerIdentities: [],
    trusted: false,
    users: [],
    keylog: [],
    connectMs: undefined,
    handshakeMs: 12,
    bytesIn: 0,
    bytesOut: 0,
    messagesIn: 0,
    messagesOut: 0,
    relayedTo: undefined,
    closed: undefined,
    trace: undefined,
    span: undefined,
    ...overrides,
  }
}

export function tracedEvent(overrides: Partial<TracedEvent> = {}): TracedEvent {
  const about = overrides.facts ?? facts()
  return {
    name: 'ACCEPTED',
    status: 'SUCCESS',
    cause: undefined,
    message: 'handshake done',
    facts: about,
    seq: 1,
    micros: noonMicros,
    correlation: about.id,
    record: 'connection',
    ...overrides,
  }
}

/** A key-log line of the right shape that opens nothing. */
export const keylogLine = `CLIENT_RANDOM ${'ab'.repeat(32)} ${'cd'.repeat(48)}`

/** sent + dropped + queued: what was offered, when nothing is lost without being counted. */
export function accountedPackets(status: DestinationStatus): number {
  return status.sentPackets + droppedPackets(status) + status.queuedPackets
}

export function droppedPackets(status: DestinationStatus): number {
  return Object.values(status.dropped).reduce((sum, packets) => sum + packets, 0)
}

/** A collector over TCP or TLS that can go away, come back on the same port, and stop reading. */
export class StreamCollector {
  readonly packets: HepPacket[] = []
  readonly connections = new Set<Socket>()
  /** connections since the start, TLS: that finished the handshake */
  accepted = 0
  /** TLS: handshakes that failed */
  refused = 0
  /** new connections are not read */
  reads = true
  #server: Server | undefined
  #port = 0
  readonly #tls: TlsOptions | undefined

  constructor(tls?: TlsOptions) {
    this.#tls = tls
  }

  static async open(t: Scope, tls?: TlsOptions): Promise<StreamCollector> {
    const collector = new StreamCollector(tls)
    await collector.start()
    t.after(() => collector.stop())
    return collector
  }

  get port(): number {
    return this.#port
  }

  /** Listens, on the port of last time if there was one. */
  async start(): Promise<void> {
    const server = this.#tls === undefined ? createServer() : createTlsServer(this.#tls)
    server.on(this.#tls === undefined ? 'connection' : 'secureConnection', (socket: Socket) => this.#accept(socket))
    server.on('tlsClientError', () => this.refused++)
    server.listen(this.#port, '127.0.0.1')
    await once(server, 'listening')
    this.#port = (server.address() as AddressInfo).port
    this.#server = server
  }

  /** Closes the port and breaks every connection. */
  async stop(): Promise<void> {
    const server = this.#server
    if (server === undefined) return
    this.#server = undefined
    server.close()
    this.hangUp()
    await once(server, 'close')
  }

  /** Breaks every connection, goes on listening. */
  hangUp(): void {
    for (const socket of this.connections) socket.destroy()
  }

  cseqs(): number[] {
    return this.packets.map(cseqOf)
  }

  #accept(socket: Socket): void {
    this.accepted++
    this.connections.add(socket)
    const stream = new HepStream()
    socket.on('data', (chunk: Buffer) => {
      const fault = stream.push(chunk, (buf, start, end) => {
        const packet = decodeHep(buf, start, end)
        if (isHepFault(packet)) throw new Error(packet.fault)
        this.packets.push(packet)
      })
      if (fault !== undefined) throw new Error(fault.fault)
    })
    if (!this.reads) socket.pause()
    socket.on('error', () => {}) // 'close' follows
    socket.on('close', () => this.connections.delete(socket))
  }
}
