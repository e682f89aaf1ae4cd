/**
 * A TCP proxy that writes what passes through it to a pcap file, as the packets of one connection
 * after the other: what a capture of the port would hold, without the rights that capturing needs.
 */
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import type { Scope } from './scope.js'

const segmentBytes = 1400
const linkTypeRaw = 101 // packets begin with the IP header
const [fin, syn, push, ack] = [0x01, 0x02, 0x08, 0x10]

export class CaptureProxy {
  readonly #packets: Buffer[] = []
  readonly #sockets = new Set<Socket>()

  private constructor(
    private readonly server: Server,
    private readonly targetPort: number,
  ) {
    server.on('connection', (socket) => this.#accept(socket))
  }

  static async start(scope: Scope, targetPort: number): Promise<CaptureProxy> {
    const proxy = new CaptureProxy(createServer(), targetPort)
    proxy.server.listen(0, '127.0.0.1')
    await once(proxy.server, 'listening')
    scope.after(() => proxy.stop())
    return proxy
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port
  }

  /** Writes what was captured so far; the packets carry the target's port. */
  writePcap(path: string): void {
    const head = Buffer.alloc(24)
    head.writeUInt32LE(0xa1b2c3d4, 0)
    head.writeUInt16LE(2, 4)
    head.writeUInt16LE(4, 6)
    head.writeUInt32LE(0xffff, 16)
    head.writeUInt32LE(linkTypeRaw, 20)
    writeFileSync(path, Buffer.concat([head, ...this.#packets]))
  }

  stop(): void {
    this.server.close()
    for (const socket of this.#sockets) socket.destroy()
  }

  #accept(client: Socket): void {
    const server = connect(this.targetPort, '127.0.0.1')
    const clientPort = client.remotePort!
    const toServer = { from: clientPort, to: this.targetPort, next: 1 }
    const toClient = { from: this.targetPort, to: clientPort, next: 1 }
    this.#record(toServer, toClient, syn)
    this.#record(toClient, toServer, syn | ack)
    this.#record(toServer, toClient, ack)
    for (const [socket, other, way, back] of [
      [client, server, toServer, toClient],
      [server, client, toClient, toServer],
    ] as const) {
      this.#sockets.add(socket)
      socket.on('data', (bytes: Buffer) => {
        for (let at = 0; at < bytes.length; at += segmentBytes) {
          this.#record(way, back, push | ack, bytes.subarray(at, at + segmentBytes))
        }
        other.write(bytes)
      })
      socket.on('end', () => {
        this.#record(way, back, fin | ack)
        other.end()
      })
      socket.on('error', () => other.destroy())
      socket.on('close', () => this.#sockets.delete(socket))
    }
  }

  #record(way: Direction, back: Direction, flags: number, payload: Buffer = Buffer.alloc(0)): void {
    const ip = Buffer.alloc(20)
    ip.writeUInt8(0x45, 0)
    ip.writeUInt16BE(40 + payload.length, 2)
    ip.writeUInt8(64, 8)
    ip.writeUInt8(6, 9) // TCP
    ip.set([127, 0, 0, 1, 127, 0, 0, 1], 12)
    const tcp = Buffer.alloc(20)
    tcp.writeUInt16BE(way.from, 0)
    tcp.writeUInt16BE(way.to, 2)
    tcp.writeUInt32BE(flags & syn ? 0 : way.next, 4)
    tcp.writeUInt32BE(flags & ack ? back.next : 0, 8)
    tcp.writeUInt8(0x50, 12)
    tcp.writeUInt8(flags, 13)
    tcp.writeUInt16BE(0xffff, 14)
    way.next += payload.length + (flags & fin ? 1 : 0)
    const packet = Buffer.concat([ip, tcp, payload])
    const head = Buffer.alloc(16)
    const micros = Math.floor((performance.timeOrigin + performance.now()) * 1000)
    head.writeUInt32LE(Math.floor(micros / 1e6), 0)
    head.writeUInt32LE(micros % 1e6, 4)
    head.writeUInt32LE(packet.length, 8)
    head.writeUInt32LE(packet.length, 12)
    this.#packets.push(head, packet)
  }
}

/** One way of a connection. Sequence numbers start at 0, so that data starts at 1. */
interface Direction {
  readonly from: number
  readonly to: number
  next: number
}
