/**
 * The embedded HEP receiver: UDP and TCP listeners, decoding, counters and a bounded store, so that nothing else
 * need be installed to see a trace. Like every HEP collector it never answers. A stream that breaks the
 * framing is closed, and only that one; a datagram or packet that cannot be read is counted.
 */
import { createSocket, type Socket as DatagramSocket, type RemoteInfo } from 'node:dgram'
import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import { type Endpoint, endpoint, endpointText } from '../base/address.js'
import { UsageError } from '../base/errors.js'
import { listenProblem } from '../base/listen-problem.js'
import type { Log } from '../base/log.js'
import type { CollectorStatus } from '../base/status.js'
import type { Config } from '../config/types.js'
import { protocolTypeName } from '../hep/chunks.js'
import { decodeHep, HepStream, isHepFault } from '../hep/decode.js'
import { PacketStore, type ReceivedPacket } from './store.js'

export interface CollectorLimits {
  /** memory of the store */
  readonly maxBytes: number
  /** streams open at once; one more is closed at once */
  readonly maxConnections: number
  /** the same, for one address */
  readonly maxConnectionsPerAddress: number
}

/** A gateway and a few capture agents use a handful of streams; whoever opens more is not one of them. */
export const collectorLimits: CollectorLimits = {
  maxBytes: 64 * 1024 * 1024,
  maxConnections: 256,
  maxConnectionsPerAddress: 32,
}

type Malformed = keyof CollectorStatus['malformedBy']
type Listen = Config['collector']['listen'][number]

export class Collector {
  readonly #log: Log
  readonly #limits: CollectorLimits
  readonly #store: PacketStore
  readonly #subscribers = new Set<(received: ReceivedPacket) => void>()
  readonly #listeners: (DatagramSocket | Server)[] = []
  readonly #addresses: string[] = []
  readonly #connections = new Set<Socket>()
  readonly #connectionsOf = new Map<string, number>()
  readonly #byType = new Map<number, number>()
  readonly #malformed: Record<Malformed, number> = { datagram: 0, framing: 0, packet: 0 }
  #packets = 0
  #bytes = 0
  #refused = 0

  private constructor(config: Config['collector'], log: Log, limits: CollectorLimits) {
    this.#log = log
    this.#limits = limits
    this.#store = new PacketStore(config.max_packets, limits.maxBytes)
  }

  /** Listens on everything configured; throws a UsageError, with nothing left open, when one of them cannot be had. */
  static async open(config: Config['collector'], log: Log, limits = collectorLimits): Promise<Collector> {
    const collector = new Collector(config, log, limits)
    try {
      for (const listen of config.listen) await collector.#listen(listen)
    } catch (error) {
      await collector.close()
      throw error
    }
    return collector
  }

  /** Where it listens, with the real port: `udp:127.0.0.1:9060`. */
  get addresses(): readonly string[] {
    return this.#addresses
  }

  /** What is in the store, oldest first. */
  packets(): Iterable<ReceivedPacket> {
    return this.#store
  }

  /** Calls `listener` with each packet from now on; returns the end of that. */
  onPacket(listener: (received: ReceivedPacket) => void): () => void {
    this.#subscribers.add(listener)
    return () => this.#subscribers.delete(listener)
  }

  status(): CollectorStatus {
    return {
      listen: this.#addresses,
      packets: this.#packets,
      bytes: this.#bytes,
      packetsByType: Object.fromEntries([...this.#byType].map(([type, count]) => [protocolTypeName(type), count])),
      malformed: this.#malformed.datagram + this.#malformed.framing + this.#malformed.packet,
      malformedBy: { ...this.#malformed },
      connections: this.#connections.size,
      refusedConnections: this.#refused,
    }
  }

  async close(): Promise<void> {
    const closed = this.#listeners.splice(0).map(async (listener) => {
      const over = once(listener, 'close')
      listener.close()
      await over
    })
    for (const connection of this.#connections) connection.destroy()
    await Promise.all(closed)
  }

  async #listen(listen: Listen): Promise<void> {
    const { transport } = listen
    try {
      if (transport === 'udp') await this.#listenUdp(listen)
      else await this.#listenTcp(listen)
    } catch (error) {
      const problem = listenProblem(transport, listen, error as NodeJS.ErrnoException)
      throw new UsageError(`HEP collector ${transport}:${endpointText(listen)}: ${problem}`, { cause: error })
    }
  }

  async #listenUdp({ ip, port }: Listen): Promise<void> {
    const socket = createSocket({ type: ip.includes(':') ? 'udp6' : 'udp4', recvBufferSize: udpBufferBytes })
    this.#listeners.push(socket)
    socket.on('message', (message, from) => this.#datagram(message, from))
    const bound = once(socket, 'listening')
    socket.bind(port, ip)
    await bound
    this.#opened('udp', socket.address())
    socket.on('error', (error) => this.#log.warn({ err: error }, 'HEP collector: UDP socket'))
  }

  async #listenTcp({ ip, port }: Listen): Promise<void> {
    const server = createServer({ keepAlive: true }, (socket) => this.#accept(socket))
    this.#listeners.push(server)
    const bound = once(server, 'listening')
    server.listen(port, ip)
    await bound
    this.#opened('tcp', server.address() as { address: string; port: number })
    server.on('error', (error) => this.#log.warn({ err: error }, 'HEP collector: TCP socket'))
  }

  #opened(transport: 'udp' | 'tcp', { address, port }: { address: string; port: number }): void {
    this.#addresses.push(`${transport}:${endpointText({ ip: address, port })}`)
  }

  #datagram(message: Buffer, from: RemoteInfo): void {
    const sender = endpoint(from.address, from.port)
    this.#receive('udp', sender, message, 'datagram')
  }

  #accept(socket: Socket): void {
    const sender = endpoint(socket.remoteAddress, socket.remotePort)
    const open = this.#connectionsOf.get(sender.ip) ?? 0
    if (this.#connections.size >= this.#limits.maxConnections || open >= this.#limits.maxConnectionsPerAddress) {
      this.#refused++
      socket.destroy()
      return
    }
    this.#connections.add(socket)
    this.#connectionsOf.set(sender.ip, open + 1)
    const stream = new HepStream()
    // A copy: the chunk of a read is shared with packets that may leave the store long before or after.
    const onPacket = (buf: Buffer, start: number, end: number): void =>
      this.#receive('tcp', sender, Buffer.from(buf.subarray(start, end)), 'packet')
    socket.on('data', (chunk) => {
      const fault = stream.push(chunk, onPacket)
      if (fault === undefined) return
      this.#complain('framing', sender, fault.fault)
      socket.destroy()
    })
    socket.on('error', () => {}) // a reset; 'close' follows
    socket.on('close', () => this.#ended(socket, sender))
  }

  #ended(socket: Socket, sender: Endpoint): void {
    this.#connections.delete(socket)
    const left = (this.#connectionsOf.get(sender.ip) ?? 1) - 1
    if (left === 0) this.#connectionsOf.delete(sender.ip)
    else this.#connectionsOf.set(sender.ip, left)
  }

  #receive(transport: 'udp' | 'tcp', sender: Endpoint, bytes: Buffer, kind: Malformed): void {
    const packet = decodeHep(bytes)
    if (isHepFault(packet)) {
      this.#complain(kind, sender, packet.fault)
      return
    }
    this.#packets++
    this.#bytes += bytes.length
    this.#byType.set(packet.type, (this.#byType.get(packet.type) ?? 0) + 1)
    const received: ReceivedPacket = { packet, bytes: bytes.length, transport, sender }
    this.#store.add(received)
    for (const subscriber of this.#subscribers) subscriber(received)
  }

  #complain(kind: Malformed, sender: Endpoint, fault: string): void {
    this.#malformed[kind]++
    this.#log.debug({ sender: endpointText(sender), fault }, 'HEP collector: malformed packet')
  }
}

/** A burst of traces must survive one slow turn of the event loop; the kernel may grant less. */
const udpBufferBytes = 4 * 1024 * 1024
