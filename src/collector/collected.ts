/** The packets somebody asks for, of those the collector keeps, in the form they are shown in. Key material never is. */
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { CollectedQuery } from '../base/ports.js'
import type { HepPacket } from '../hep/packet.js'
import type { ReceivedPacket } from './store.js'
import { packetJson, packetText } from './text.js'

/** Shown in one turn of the event loop, about 4 ms: calls wait no longer for it. */
const packetsPerTurn = 100

/** Oldest first, as `packets` are. */
export async function collected(packets: Iterable<ReceivedPacket>, query: CollectedQuery): Promise<string[]> {
  const show = query.form === 'json' ? packetJson : packetText
  const shown: string[] = []
  for (const packet of chosen(packets, query).slice(-query.limit)) {
    if (shown.length > 0 && shown.length % packetsPerTurn === 0) await nextTurn()
    shown.push(show(packet, { secrets: false }))
  }
  return shown
}

function chosen(packets: Iterable<ReceivedPacket>, { type, correlationId }: CollectedQuery): HepPacket[] {
  const id = correlationId === undefined ? undefined : Buffer.from(correlationId)
  const found: HepPacket[] = []
  for (const { packet } of packets) {
    if (type !== undefined && packet.type !== type) continue
    if (id !== undefined && packet.correlationId?.equals(id) !== true) continue
    found.push(packet)
  }
  return found
}
