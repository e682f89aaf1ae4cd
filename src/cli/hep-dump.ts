/** `hepgate hep-dump`: listens for HEP and prints each packet, as people read it or as a JSON line. Keeps nothing. */
import { once } from 'node:events'
import { UsageError } from '../base/errors.js'
import { silentLog } from '../base/log.js'
import { Collector } from '../collector/collector.js'
import { packetJson, packetText } from '../collector/text.js'
import { parseIpPort } from '../config/host-port.js'
import type { Config } from '../config/types.js'
import { exitCodes, type Terminal } from './command.js'
import { parseOptions, wholeNumber } from './options.js'

export const help = `usage: hepgate hep-dump [--listen udp:127.0.0.1:9060]... [--json] [--count N] [--secrets]

  -l, --listen udp|tcp:IP[:PORT]   where to listen, may be given several times; port 9060
                                   default: udp and tcp on 127.0.0.1:9060
  -j, --json                       one JSON object per line
  -n, --count N                    end after N packets
      --secrets                    print key material too

ends with Ctrl-C
`

const hepPort = 9060

export async function run(args: readonly string[], { stdout, stderr }: Terminal): Promise<number> {
  const { values } = parseOptions(args, {
    listen: { type: 'string', short: 'l', multiple: true, default: ['udp:127.0.0.1:9060', 'tcp:127.0.0.1:9060'] },
    json: { type: 'boolean', short: 'j', default: false },
    count: { type: 'string', short: 'n' },
    secrets: { type: 'boolean', default: false },
  })
  const listen = values.listen.map(parseListen)
  const wanted = values.count === undefined ? Number.POSITIVE_INFINITY : wholeNumber('--count', values.count, 1)
  const collector = await openCollector(listen)
  stderr.write(`listening on ${collector.addresses.join(', ')}\n`)
  const enough = new AbortController()
  // `hepgate hep-dump | head`: nobody reads any more
  process.stdout.once('error', () => enough.abort())
  let printed = 0
  collector.onPacket(({ packet }) => {
    if (printed === wanted) return
    stdout.write(values.json ? `${packetJson(packet, values)}\n` : packetText(packet, values))
    if (++printed === wanted) enough.abort()
  })
  await endOf(enough.signal)
  const { malformed } = collector.status()
  await collector.close()
  const unread = malformed === 0 ? '' : `, and ${malformed} that could not be read`
  stderr.write(`${printed} ${printed === 1 ? 'packet' : 'packets'}${unread}\n`)
  return exitCodes.fine
}

function parseListen(text: string): Config['collector']['listen'][number] {
  const [, transport, address] = /^(udp|tcp):(.+)$/.exec(text) ?? []
  if (transport === undefined || address === undefined) {
    throw new UsageError(`--listen ${text}: expected udp:IP[:PORT] or tcp:IP[:PORT]`)
  }
  const { ip, port = hepPort } = parseIpPort(address, 0)
  return { transport: transport as 'udp' | 'tcp', ip, port }
}

async function openCollector(listen: Config['collector']['listen']): Promise<Collector> {
  try {
    return await Collector.open({ listen, max_packets: 0 }, silentLog)
  } catch (error) {
    if (!(error instanceof UsageError) || (error.cause as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error
    throw new UsageError(`${error.message}; if that is the collector of a gateway, choose another port with --listen`)
  }
}

/** Whatever comes first: enough packets, or a signal. */
async function endOf(enough: AbortSignal): Promise<void> {
  const signals = (['SIGINT', 'SIGTERM'] as const).map((signal) => once(process, signal, { signal: enough }))
  await Promise.race(signals).catch((error: unknown) => {
    if (!enough.aborted) throw error
  })
}
