/**
 * HEP over TCP and TLS. What comes within a few ms leaves in one system call; the next only when the
 * operating system has taken that, so a slow collector is felt in the queue and nowhere else.
 *
 * At most once: when the connection breaks, the write under way is counted as lost whole, because how much
 * of it arrived cannot be known, and sending it again would show calls twice. What was taken by the operating
 * system counts as sent; a collector never acknowledges (HEP has no answer at all), so nobody can know more.
 */
import { readFile } from 'node:fs/promises'
import { connect, isIP, type Socket } from 'node:net'
import { type ConnectionOptions, checkServerIdentity, connect as connectTls } from 'node:tls'
import type { HepDestinationConfig } from '../config/types.js'
import { linkFailure } from './failure.js'
import type { Ledger } from './ledger.js'
import type { PacketQueue } from './queue.js'
import { type Link, type LinkOwner, type LinkState, type LinkTiming, Redial } from './redial.js'

/** TCP keepalive finds a collector that vanished while nothing is being sent. */
const keepAliveIdleMs = 15_000

/** Nobody watches a trace by the ms; a write for each turn of the event loop cost a fifth of a traced handshake. */
const gatherMs = 5
/** Pages in one write: what a busy gateway traces in `gatherMs`, many times over. */
const maxPagesPerWrite = 64

export class StreamLink implements Link {
  readonly #config: HepDestinationConfig
  readonly #queue: PacketQueue
  readonly #ledger: Ledger
  readonly #timing: LinkTiming
  readonly #redial: Redial
  /** being connected or connected; undefined between attempts */
  #socket: Socket | undefined
  /** connect timeout first, then the watch over stuck writes */
  #timer: NodeJS.Timeout | undefined
  /** waits for company for the packets that are queued */
  #gathering: NodeJS.Timeout | undefined
  /** does not wait any longer: at the end of this turn of the event loop */
  #flushing = false
  /** runs of packets being written, oldest first */
  #writing: { readonly packets: number; readonly bytes: number }[] = []
  #writes = 0

  constructor(config: HepDestinationConfig, queue: PacketQueue, ledger: Ledger, owner: LinkOwner, timing: LinkTiming) {
    this.#config = config
    this.#queue = queue
    this.#ledger = ledger
    this.#timing = timing
    this.#redial = new Redial(config.host, (ip) => void this.#dial(ip), owner, timing)
    void this.#redial.start()
  }

  get state(): LinkState {
    return this.#redial.state
  }

  wake(): void {
    if (this.#flushing || this.#writing.length > 0 || this.#redial.state !== 'connected') return
    if (this.#queue.fillsUp) {
      this.#flushing = true
      setImmediate(this.#flush)
    } else {
      this.#gathering ??= setTimeout(this.#flush, gatherMs)
    }
  }

  close(): Promise<void> {
    const wasUp = this.#redial.state === 'connected'
    this.#redial.close()
    const socket = this.#socket
    if (socket === undefined) return Promise.resolve()
    const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()))
    this.#forget()
    // Waiting is no use for a handshake, nor for a write of which a collector that does not read leaves a part.
    if (wasUp && socket.writableLength === 0) socket.destroySoon()
    else socket.destroy()
    return closed
  }

  readonly #flush = (): void => {
    clearTimeout(this.#gathering)
    this.#gathering = undefined
    this.#flushing = false
    const socket = this.#socket
    if (socket === undefined || this.#redial.state !== 'connected') return
    socket.cork()
    for (let pages = 0; pages < maxPagesPerWrite; pages++) {
      const run = this.#queue.takeRun()
      if (run === undefined) break
      this.#writing.push({ packets: run.packets, bytes: run.end - run.start })
      socket.write(run.bytes.subarray(run.start, run.end), this.#written)
    }
    socket.uncork()
    this.#writes++
  }

  /** Of the present socket only: a socket that broke was forgotten before its callbacks come (`#lost`). */
  #written: (error?: Error | null) => void = () => {}

  async #dial(ip: string): Promise<void> {
    let socket: Socket
    try {
      socket = this.#config.transport === 'tls' ? await this.#dialTls(ip) : connect(this.#config.port, ip)
    } catch (error) {
      // a file of the TLS configuration is missing or broken: it may be repaired before the next attempt
      if (this.#redial.state === 'connecting') this.#redial.down((error as Error).message)
      return
    }
    if (this.#redial.state !== 'connecting') {
      socket.destroy()
      return
    }
    this.#watch(socket)
  }

  /** Files are read at every attempt, so that renewed ones are taken without a reload. */
  async #dialTls(ip: string): Promise<Socket> {
    const config = this.#config
    const [ca, cert, key] = await Promise.all([config.ca_list, config.certificate, config.private_key].map(contentOf))
    const name = config.server_name ?? config.host
    const options: ConnectionOptions = {
      host: ip,
      port: config.port,
      rejectUnauthorized: config.verify_cert,
      checkServerIdentity: (_host, certificate) => checkServerIdentity(name, certificate),
    }
    if (isIP(name) === 0) options.servername = name // RFC 6066 §3: no address as SNI
    if (ca !== undefined) options.ca = ca
    if (cert !== undefined) options.cert = cert
    if (key !== undefined) options.key = key
    return connectTls(options)
  }

  #watch(socket: Socket): void {
    this.#socket = socket
    const { connectMs } = this.#timing
    this.#timer = setTimeout(
      () => this.#lost(socket, `connect-timeout: not connected after ${connectMs} ms`),
      connectMs,
    )
    socket.setNoDelay(true)
    socket.setKeepAlive(true, keepAliveIdleMs)
    socket.once(this.#config.transport === 'tls' ? 'secureConnect' : 'connect', () => this.#connected(socket))
    socket.on('error', (error) => this.#lost(socket, linkFailure(error, this.#redial.state === 'connected')))
    socket.on('close', () => this.#lost(socket, 'peer-closed: the collector closed the connection'))
    // A HEP server never answers: whatever can be read is the end of the connection.
    socket.on('end', () => this.#lost(socket, 'peer-closed: the collector closed the connection'))
    socket.on('data', () =>
      this.#lost(socket, 'the peer sends data, which no HEP collector does; it is something else'),
    )
    this.#written = (error) => {
      if (this.#socket === socket && error == null) this.#sent()
    }
  }

  #connected(socket: Socket): void {
    if (this.#socket !== socket) return
    clearTimeout(this.#timer)
    let seenWrites = this.#writes
    this.#timer = setInterval(() => {
      if (this.#writing.length > 0 && this.#writes === seenWrites) {
        this.#lost(socket, `send-timeout: the collector took nothing for ${this.#timing.stuckMs} ms`)
      }
      seenWrites = this.#writes
    }, this.#timing.stuckMs)
    this.#redial.up()
    this.wake()
  }

  /** One run was taken by the operating system: the oldest. */
  #sent(): void {
    const run = this.#writing.shift()
    if (run === undefined) return
    this.#ledger.sent(run.packets, run.bytes)
    this.#queue.countTaken(run.bytes, this.#ledger.sentTypes)
    this.#queue.complete(run.packets, run.bytes)
    if (this.#writing.length === 0 && this.#queue.waiting > 0) this.wake()
  }

  #lost(socket: Socket, message: string): void {
    if (this.#socket !== socket) return
    this.#forget()
    socket.destroy()
    this.#redial.down(message)
  }

  /** Lets go of the socket; a write under way is lost. */
  #forget(): void {
    this.#socket = undefined
    clearTimeout(this.#timer)
    clearTimeout(this.#gathering)
    this.#gathering = undefined
    const lost = this.#writing
    this.#writing = []
    for (const { packets, bytes } of lost) {
      this.#ledger.drop('connection-lost', packets)
      this.#queue.complete(packets, bytes)
    }
  }
}

async function contentOf(file: string | undefined): Promise<Buffer | undefined> {
  return file === undefined ? undefined : await readFile(file)
}
