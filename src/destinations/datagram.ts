/**
 * HEP over UDP: one datagram per packet, sent from the page it was encoded into, in the turn of the event
 * loop that made it. The socket is connected, so that sending looks nothing up and the host of the collector
 * can say that nothing listens there. Such an answer, or any error, sends the link through the wait of
 * redial.ts; packets meanwhile stay queued. Nothing is sent twice.
 *
 * A datagram the operating system took counts as sent; whether it arrives, UDP never tells.
 */
import { createSocket, type Socket } from 'node:dgram'
import { isIPv6 } from 'node:net'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { HepDestinationConfig } from '../config/types.js'
import { linkFailure } from './failure.js'
import type { DropReason, Ledger } from './ledger.js'
import type { PacketQueue } from './queue.js'
import { type Link, type LinkOwner, type LinkState, type LinkTiming, Redial } from './redial.js'

/** Sends whose callback has not come yet. Beyond that packets wait in the queue, where they are bounded and counted. */
const maxInFlight = 256

export class DatagramLink implements Link {
  readonly #port: number
  readonly #queue: PacketQueue
  readonly #ledger: Ledger
  readonly #timing: LinkTiming
  readonly #redial: Redial
  #socket: Socket | undefined
  /** connected, so packets may go out */
  #open = false
  /** the link failed and has not proved itself since: one packet, then a wait for its refusal */
  #probing = false
  #probeTimer: NodeJS.Timeout | undefined
  #inFlight = 0
  /** of these, sent from a socket that is closed: what their callbacks say does not concern the present one */
  #orphaned = 0

  constructor(config: HepDestinationConfig, queue: PacketQueue, ledger: Ledger, owner: LinkOwner, timing: LinkTiming) {
    this.#port = config.port
    this.#queue = queue
    this.#ledger = ledger
    this.#timing = timing
    this.#redial = new Redial(config.host, (ip) => this.#dial(ip), owner, timing)
    void this.#redial.start()
  }

  get state(): LinkState {
    return this.#redial.state
  }

  wake(): void {
    if (!this.#open) return
    const limit = this.#probing ? 1 : maxInFlight
    while (this.#inFlight < limit) {
      const run = this.#queue.takePacket()
      if (run === undefined) return
      this.#inFlight++
      ;(this.#socket as Socket).send(run.bytes, run.start, run.end - run.start, this.#sent)
      if (this.#probing) this.#open = false
    }
  }

  async close(): Promise<void> {
    this.#redial.close()
    const socket = this.#socket
    if (socket === undefined) return
    const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()))
    this.#forget(socket)
    await closed
    // what the operating system had not taken yet is called back within the next turns
    for (let turns = 0; this.#inFlight > 0 && turns < 10; turns++) await nextTurn()
  }

  #dial(ip: string): void {
    const socket = createSocket(isIPv6(ip) ? 'udp6' : 'udp4')
    this.#socket = socket
    // ICMP errors arrive here when no send is there to take them
    socket.on('error', (error) => this.#lost(socket, error))
    socket.on('message', () => {}) // a collector has nothing to say to us
    // Also called with what connect(2) said: no route, or an address that takes no datagrams.
    socket.connect(this.#port, ip, (error?: Error) => {
      if (error === undefined || error === null) this.#connected(socket)
      else this.#lost(socket, error)
    })
  }

  #connected(socket: Socket): void {
    if (this.#socket !== socket) return
    this.#open = true
    if (this.#probing) this.#probeTimer = setTimeout(() => this.#up(), this.#timing.probeMs)
    else this.#redial.up()
    this.wake()
  }

  #up(): void {
    this.#probing = false
    this.#open = true
    this.#redial.up()
    this.wake()
  }

  /**
   * The callback of every send. They come in the order of the sends (libuv lets no datagram overtake a
   * queued one), so the packet it speaks of is the oldest taken from the queue: no closure per packet.
   */
  readonly #sent = (error: Error | null): void => {
    this.#inFlight--
    const orphaned = this.#orphaned > 0
    if (orphaned) this.#orphaned--
    const bytes = this.#queue.oldestTakenBytes()
    if (error === null) {
      this.#ledger.sent(1, bytes)
      this.#queue.countTaken(bytes, this.#ledger.sentTypes)
    } else {
      this.#ledger.drop(reasonOf(error), 1)
    }
    this.#queue.complete(1, bytes)
    // EMSGSIZE concerns this packet alone; everything else the whole link
    if (error !== null && !orphaned && codeOf(error) !== 'EMSGSIZE') this.#lost(this.#socket as Socket, error)
    else if (this.#queue.waiting > 0) this.wake()
  }

  #lost(socket: Socket, error: Error): void {
    if (this.#socket !== socket) return
    this.#forget(socket)
    this.#probing = true
    this.#redial.down(linkFailure(error, false))
  }

  #forget(socket: Socket): void {
    this.#socket = undefined
    this.#orphaned = this.#inFlight
    this.#open = false
    clearTimeout(this.#probeTimer)
    socket.close()
  }
}

function codeOf(error: Error): string | undefined {
  return (error as NodeJS.ErrnoException).code
}

function reasonOf(error: Error): DropReason {
  switch (codeOf(error)) {
    case 'EMSGSIZE':
      return 'too-large'
    case 'ECONNREFUSED':
      return 'refused'
    case 'ECANCELED': // the socket was closed before the operating system took it
      return 'connection-lost'
    default:
      return 'send-failed'
  }
}
