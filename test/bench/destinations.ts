/**
 * CPU of the sending process per HEP packet: encoding alone, over UDP and over TCP to a sink process.
 * `node build/test/bench/destinations.js [packets per round]`. A round offers packets in turns of the event loop of
 * `perTurn`, as reads of many connections would.
 */
import { fork } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { fileURLToPath } from 'node:url'
import { silentLog } from '../../src/base/log.js'
import { Destinations } from '../../src/destinations/registry.js'
import { encodeHep, hepHead, hepTail } from '../../src/hep/encode.js'
import {
  declaration,
  destinationsConfig,
  droppedPackets,
  leg,
  noonMicros,
  sipMessage,
} from '../support/destinations.js'

const sinkArgument = 'sink'
const rounds = 5
const slice = 5000
const message = sipMessage(1, 'x'.repeat(400))
const callIdStart = message.indexOf('call-')
const callIdEnd = message.indexOf('\r', callIdStart)

if (process.argv[2] === sinkArgument) await sink()
else await measure(Number(process.argv[2] ?? 100_000))

/** Takes everything, on UDP and TCP, and says where. */
async function sink(): Promise<void> {
  const udp = createSocket({ type: 'udp4', recvBufferSize: 8 << 20 })
  udp.on('message', () => {})
  udp.bind(0, '127.0.0.1')
  const tcp = createServer((socket) => socket.on('error', () => {}).resume())
  tcp.listen(0, '127.0.0.1')
  await Promise.all([once(udp, 'listening'), once(tcp, 'listening')])
  process.send?.({ udp: udp.address().port, tcp: (tcp.address() as AddressInfo).port })
  process.on('disconnect', () => process.exit())
}

async function measure(packets: number): Promise<void> {
  const child = fork(fileURLToPath(import.meta.url), [sinkArgument])
  const [ports] = (await once(child, 'message')) as [{ udp: number; tcp: number }]
  console.log(
    `µs CPU per packet (SIP message of ${message.length} octets), ${packets} packets, median of ${rounds} rounds`,
  )
  report('encode', await medianOf(async () => encodeOnly(packets)))
  for (const perTurn of [1, 4, 32]) {
    report(`turns of ${perTurn}, none`, await medianOf(() => turns(packets, perTurn, () => {})))
    for (const transport of ['udp', 'tcp'] as const) {
      const destinations = new Destinations(
        destinationsConfig([declaration({ transport, port: ports[transport] })]),
        silentLog,
      )
      const on = leg()
      const offer = () => destinations.sip(on, noonMicros, message, 0, message.length, callIdStart, callIdEnd)
      const cpu = await medianOf(async () => {
        // in slices: the sink is one process, and what the queue refuses would look cheap
        for (let left = packets; left > 0; left -= slice) {
          await turns(Math.min(left, slice), perTurn, offer)
          await destinations.flush(60_000)
        }
      })
      const [status] = destinations.status()
      report(`turns of ${perTurn}, ${transport}`, cpu, `dropped ${droppedPackets(status!)}`)
      await destinations.close()
    }
  }
  child.disconnect()

  async function medianOf(round: () => Promise<unknown>): Promise<number[]> {
    const each: number[] = []
    for (let i = 0; i <= rounds; i++) {
      const before = process.cpuUsage()
      await round()
      const used = process.cpuUsage(before)
      if (i > 0) each.push((used.user + used.system) / packets) // the first warms up
    }
    return each.sort((a, b) => a - b)
  }
}

function report(what: string, sorted: number[], note = ''): void {
  const [low, middle, high] = [sorted[0], sorted[sorted.length >> 1], sorted.at(-1)].map((n) => n!.toFixed(2))
  console.log(`${what.padEnd(22)}${middle!.padStart(7)}   (${low}–${high})   ${note}`)
}

function encodeOnly(packets: number): void {
  const page = Buffer.alloc(65536)
  const { source, destination } = leg()
  const head = hepHead({ source, destination, protocol: 22, type: 1, captureId: 2001 })
  const tail = hepTail({ nodeName: 'gw-1', extraCorrelation: '{"net":"8123456789"}' })
  for (let i = 0, at = 0; i < packets; i++) {
    if (at + 1024 > page.length) at = 0
    at = encodeHep(page, at, head, tail, noonMicros, message, callIdStart, callIdEnd, message, 0, message.length)
  }
}

/** `perTurn` offers in each turn of the event loop. */
function turns(packets: number, perTurn: number, offer: () => void): Promise<void> {
  return new Promise((resolve) => {
    let left = packets
    const turn = (): void => {
      for (let i = 0; i < perTurn && left > 0; i++, left--) offer()
      if (left > 0) setImmediate(turn)
      else resolve()
    }
    turn()
  })
}
