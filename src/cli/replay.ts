/**
 * `hepgate replay`: sends the SIP of a capture file to a HEP collector, with the times of the capture.
 * Certificates, authentication and failover are those of live traces; nothing else of a gateway runs.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { UsageError } from '../base/errors.js'
import { DamagedCapture, readCapture } from './capture/file.js'
import { SipFinder } from './capture/sip-finder.js'
import { exitCodes, type Terminal } from './command.js'
import { hepTarget } from './hep-target.js'
import { parseOptions } from './options.js'
import { Outlet } from './outlet.js'

export const help = `usage: hepgate replay FILE.pcap --to HEP_ID --config FILE [--speed real|max]
       hepgate replay FILE.pcap --to udp|tcp|tls:HOST[:PORT] [--speed real|max]

  -t, --to WHERE      a proto_hep.hep_id of the configuration, or a collector; port 9060
  -c, --config FILE   the configuration that declares it
      --speed SPEED   max: as fast as the collector takes it (default); real: as it was captured

reads classic pcap files: SIP over UDP and TCP, IPv4 and IPv6. For pcapng: editcap -F pcap in out
`

export async function run(args: readonly string[], { stdout, stderr }: Terminal): Promise<number> {
  const { values, positionals } = parseOptions(
    args,
    {
      to: { type: 'string', short: 't' },
      config: { type: 'string', short: 'c' },
      speed: { type: 'string', default: 'max' },
    },
    ['FILE.pcap'],
  )
  const { to, speed } = values
  if (to === undefined) throw new UsageError('--to is missing: a HEP id, or a collector such as udp:127.0.0.1:9060')
  if (speed !== 'real' && speed !== 'max') throw new UsageError(`--speed real or max, not ${speed}`)
  const outlet = new Outlet(hepTarget(to, values.config), to)
  const finder = new SipFinder((leg, micros, buf, start, end, callIdStart, callIdEnd) =>
    outlet.sip(leg, micros, buf, start, end, callIdStart, callIdEnd),
  )
  const [file] = positionals
  let complaint: string | undefined
  try {
    complaint = await replay(file, finder, outlet, speed)
  } finally {
    await outlet.close()
  }
  stdout.write(summary(finder, outlet))
  if (complaint !== undefined) stderr.write(`hepgate replay: ${complaint}\n`)
  return complaint === undefined && outlet.lost === 0 ? exitCodes.fine : exitCodes.failed
}

/** Everything of the file, as far as it and the collector allow; the answer says where it ended early. */
async function replay(
  file: string,
  finder: SipFinder,
  outlet: Outlet,
  speed: 'real' | 'max',
): Promise<string | undefined> {
  const pace = new Pace()
  try {
    for await (const packet of readCapture(file)) {
      if (speed === 'real') await pace.wait(packet.micros)
      finder.push(packet)
      if (!(await outlet.room())) return `${outlet.name} takes no more; ${outlet.complaint}`
    }
    finder.end()
  } catch (error) {
    if (!(error instanceof DamagedCapture)) throw error
    finder.end()
    await outlet.drain()
    return `${error.message}; what came before was sent`
  }
  return (await outlet.drain()) ? undefined : `${outlet.name} did not take everything; ${outlet.complaint}`
}

/** Makes time pass as in the capture, from its first packet on. */
class Pace {
  readonly #startedMs = performance.now()
  #firstMicros: number | undefined

  async wait(micros: number): Promise<void> {
    this.#firstMicros ??= micros
    const aheadMs = (micros - this.#firstMicros) / 1000 - (performance.now() - this.#startedMs)
    if (aheadMs >= 1) await delay(aheadMs)
  }
}

function summary(finder: SipFinder, outlet: Outlet): string {
  const skipped = [...finder.skipped].sort(([, a], [, b]) => b - a).map(([reason, packets]) => `${reason} ${packets}`)
  const dropped = [...outlet.dropped].map(([reason, packets]) => `${reason} ${packets}`)
  const lines = [
    `read     ${finder.packets} packets`,
    `found    ${finder.messages} SIP messages`,
    `sent     ${outlet.sent} to ${outlet.name}`,
    `skipped  ${skipped.join(', ') || 'nothing'}`,
    `dropped  ${dropped.join(', ') || 'nothing'}`,
  ]
  if (finder.gaps > 0) lines.push(`gaps     ${finder.gaps} places where the capture lacks TCP segments`)
  return `${lines.join('\n')}\n`
}
