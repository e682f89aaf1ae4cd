/** The collector of hepgate itself, for tests that look at what it stores; and a HEP packet to send to it. */
import { silentLog } from '../../src/base/log.js'
import { Collector, collectorLimits } from '../../src/collector/collector.js'
import type { HepPacket } from '../../src/hep/packet.js'
import type { Scope } from './scope.js'

/** Listens on one socket, on a free port unless told which; closed after the test. */
export async function embeddedCollector(
  scope: Scope,
  transport: 'udp' | 'tcp',
  { ip = '127.0.0.1', port = 0, max_packets = 10_000, limits = collectorLimits } = {},
): Promise<{ collector: Collector; port: number }> {
  const collector = await Collector.open({ listen: [{ transport, ip, port }], max_packets }, silentLog, limits)
  scope.after(() => collector.close())
  return { collector, port: Number(collector.addresses[0]!.split(':').at(-1)) }
}

/** An IPv4 packet of SIP over TLS, 2026-01-31T12:00:00Z. */
export function hepPacket(overrides: Partial<HepPacket> = {}): HepPacket {
  return {
    family: 2,
    protocol: 22,
    source: { ip: '192.0.2.1', port: 50412 },
    destination: { ip: '192.0.2.2', port: 5061 },
    seconds: Date.UTC(2026, 0, 31, 12) / 1000,
    micros: 42,
    type: 1,
    captureId: 2001,
    payload: Buffer.alloc(0),
    other: [],
    ...overrides,
  }
}
