/**
 * A HEP v3 collector for tests, over UDP and TCP on one port number each: keeps every packet, decoded
 * by a few lines that share nothing with src/hep, so that one mistake cannot hide in both.
 */
import { createSocket, type Socket as UdpSocket } from 'node:dgram'
import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import type { Scope } from './scope.js'
import { until } from './wait.js'

export interface HepRecord {
  readonly bytes: Buffer
  readonly via: 'udp' | 'tcp'
  /** generic chunks by type */
  readonly chunks: ReadonlyMap<number, Buffer>
  /** chunk 0x000b: 1 is SIP, 100 a log line */
  readonly type: number
  readonly correlation: string
  readonly payload: Buffer
}

export class HepCollector {
  readonly records: HepRecord[] = []
  readonly connections = new Set<Socket>()

  private constructor(
    private readonly udp: UdpSocket,
    private readonly tcp: Server,
  ) {
    udp.on('message', (bytes) => this.records.push(decode(bytes, 'udp')))
    tcp.on('connection', (socket) => this.#accept(socket))
  }

  static async start(scope: Scope): Promise<HepCollector> {
    const collector = new HepCollector(createSocket({ type: 'udp4', recvBufferSize: 4 << 20 }), createServer())
    collector.udp.bind(0, '127.0.0.1')
    collector.tcp.listen(0, '127.0.0.1')
    await Promise.all([once(collector.udp, 'listening'), once(collector.tcp, 'listening')])
    scope.after(() => collector.stop())
    return collector
  }

  /** for proto_hep.hep_id */
  destination(id: string, transport: 'udp' | 'tcp', parameters = ''): string {
    const { port } = (transport === 'udp' ? this.udp : this.tcp).address() as AddressInfo
    return `[${id}]127.0.0.1:${port};transport=${transport};version=3${parameters}`
  }

  /** Type-100 and type-89 payloads: their JSON, in the order they came. */
  events(): Record<string, unknown>[] {
    return this.records.filter((record) => record.type === 100 || record.type === 89).map(eventOf)
  }

  /** The first event with this name (`ACCEPTED`, …), waited for. A tls-session record counts for no event. */
  async event(name: string, matching: (event: Record<string, unknown>) => boolean = () => true) {
    return until(`a HEP event ${name}; came: ${this.events().map((e) => e.Event)}`, () =>
      this.events().find((event) => event.Event === name && matching(event)),
    )
  }

  /** Payloads of type 1. */
  sip(): Buffer[] {
    return this.records.filter((record) => record.type === 1).map((record) => record.payload)
  }

  stop(): void {
    this.udp.close()
    this.tcp.close()
    for (const socket of this.connections) socket.destroy()
  }

  #accept(socket: Socket): void {
    this.connections.add(socket)
    let rest: Buffer = Buffer.alloc(0)
    socket.on('data', (chunk: Buffer) => {
      rest = Buffer.concat([rest, chunk])
      while (rest.length >= 6 && rest.length >= rest.readUInt16BE(4)) {
        this.records.push(decode(rest.subarray(0, rest.readUInt16BE(4)), 'tcp'))
        rest = rest.subarray(rest.readUInt16BE(4))
      }
    })
    socket.on('error', () => {}) // 'close' follows
    socket.on('close', () => this.connections.delete(socket))
  }
}

/** The JSON of an event payload: all of it (type 89), or what follows the line for people (type 100). */
export function eventOf(record: HepRecord): Record<string, unknown> {
  const text = record.payload.toString()
  return JSON.parse(record.type === 100 ? text.slice(text.indexOf('\n') + 1) : text) as Record<string, unknown>
}

function decode(bytes: Buffer, via: 'udp' | 'tcp'): HepRecord {
  if (bytes.toString('latin1', 0, 4) !== 'HEP3' || bytes.readUInt16BE(4) !== bytes.length) {
    throw new Error(`not a HEP packet: ${bytes.subarray(0, 16).toString('hex')}…`)
  }
  const chunks = new Map<number, Buffer>()
  for (let at = 6; at < bytes.length; at += bytes.readUInt16BE(at + 4)) {
    if (bytes.readUInt16BE(at) === 0) {
      chunks.set(bytes.readUInt16BE(at + 2), bytes.subarray(at + 6, at + bytes.readUInt16BE(at + 4)))
    }
  }
  return {
    bytes,
    via,
    chunks,
    type: chunks.get(0x0b)?.readUInt8() ?? -1,
    correlation: chunks.get(0x11)?.toString() ?? '',
    payload: chunks.get(0x0f) ?? Buffer.alloc(0),
  }
}
