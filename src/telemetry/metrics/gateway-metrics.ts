/** What the parts of the gateway count themselves, from its status. It counts nothing and asks nobody. */
import type { DestinationStatus, GatewayStatus } from '../../base/status.js'
import { instruments } from './instruments.js'
import type { Reading } from './reading.js'
import { Growth, Sheet } from './sheet.js'

export class GatewayMetrics {
  readonly #growth = new Growth()

  readings(status: GatewayStatus, nowMs: number): Reading[] {
    const sheet = new Sheet(this.#growth)
    for (const write of parts) write(sheet, status, nowMs)
    return sheet.readings()
  }
}

const parts: readonly ((sheet: Sheet, status: GatewayStatus, nowMs: number) => void)[] = [
  messages,
  edge,
  listeners,
  upstreams,
  domains,
  trace,
  destinations,
  collector,
  gateway,
]

function messages(sheet: Sheet, { connections, messages }: GatewayStatus): void {
  sheet.put(instruments.connectionsHandshaking, connections.inHandshake)
  sheet.put(instruments.connectionsLimit, connections.limit)
  sheet.count(instruments.relayed, [], messages.relayed)
  sheet.count(instruments.postponed, [], messages.postponed)
  sheet.countEach(instruments.lost, [], messages.lost)
  sheet.count(instruments.keepalives, [], messages.pings)
}

function edge(sheet: Sheet, { edge }: GatewayStatus): void {
  if (edge === undefined) return
  sheet.countEach(instruments.answered, [], edge.answered)
  sheet.countEach(instruments.registrations, [], edge.registrations)
  sheet.countEach(instruments.requestsDropped, [], edge.requestsDropped)
  sheet.countEach(instruments.responsesDropped, [], edge.responsesDropped)
  sheet.count(instruments.largeDatagrams, [], edge.largeDatagrams)
  sheet.count(instruments.registrationsWithoutPath, [], edge.registrationsWithoutPath)
}

function listeners(sheet: Sheet, { listeners }: GatewayStatus): void {
  for (const { socket, datagrams } of listeners) {
    if (datagrams === undefined) continue
    const { keepalives, notSip, errors } = datagrams
    sheet.countEach(instruments.badDatagrams, [socket], {
      keepalive: keepalives,
      'not-sip': notSip,
      'not-sent': errors,
    })
  }
}

function upstreams(sheet: Sheet, { upstreams }: GatewayStatus): void {
  for (const { uri, role, state, connections, probes } of upstreams) {
    sheet.put(instruments.upstreamUp, state !== 'down', uri, role)
    sheet.put(instruments.upstreamConnections, connections, uri, role)
    if (probes === undefined) continue
    const { sent, failed, lastMs } = probes
    sheet.countEach(instruments.upstreamProbes, [uri, role], { success: sent - failed, failure: failed })
    sheet.put(instruments.upstreamProbeDuration, lastMs && lastMs / 1000, uri, role)
  }
}

function domains(sheet: Sheet, { domains }: GatewayStatus, nowMs: number): void {
  for (const { name, role, certificates } of domains) {
    if (certificates.length === 0) continue
    const endMs = Math.min(...certificates.map(({ notAfter }) => Date.parse(notAfter)))
    sheet.put(instruments.certificateExpiry, Math.round((endMs - nowMs) / 1000), name, role)
  }
}

function trace(sheet: Sheet, { trace }: GatewayStatus): void {
  sheet.put(instruments.traceEnabled, trace.trace_mode === 'on')
  sheet.put(instruments.traceRemaining, trace.secondsLeft)
  sheet.put(instruments.traceConnections, trace.tracedConnections)
  sheet.count(instruments.traceFilterFailures, [], trace.filterFailures)
  const { messagesWithoutCallId, tracesLost, keylogFile } = trace
  sheet.countEach(instruments.traceLost, [], { 'no-call-id': messagesWithoutCallId, 'own-error': tracesLost })
  if (keylogFile === undefined) return
  sheet.countEach(instruments.keylogLines, [], { success: keylogFile.written, failure: keylogFile.lost })
}

function destinations(sheet: Sheet, { destinations }: GatewayStatus): void {
  for (const destination of destinations) writeDestination(sheet, destination)
}

/** One id may be declared several times, for failover: what they send counts together. */
function writeDestination(sheet: Sheet, status: DestinationStatus): void {
  const { id, address } = status
  sheet.put(instruments.hepConnected, status.state === 'connected', id, address)
  sheet.put(instruments.hepPaused, status.paused, id)
  sheet.put(instruments.hepQueuePackets, status.queuedPackets, id)
  sheet.put(instruments.hepQueueBytes, status.queuedBytes, id)
  sheet.countEach(instruments.hepSent, [id], status.sentByType, address)
  sheet.count(instruments.hepSentBytes, [id], status.sentBytes, address)
  sheet.countEach(instruments.hepDropped, [id], status.dropped, address)
  sheet.count(instruments.hepTruncated, [id], status.truncated, address)
  sheet.count(instruments.hepReconnects, [id], status.reconnects, address)
}

function collector(sheet: Sheet, { collector }: GatewayStatus): void {
  if (collector === undefined) return
  sheet.countEach(instruments.collectorPackets, [], collector.packetsByType)
  sheet.countEach(instruments.collectorMalformed, [], collector.malformedBy)
}

function gateway(sheet: Sheet, { version, node, reload, api }: GatewayStatus): void {
  sheet.put(instruments.info, 1, version, node)
  sheet.put(instruments.reloadOk, reload?.ok)
  sheet.put(instruments.reloadTime, reload && Date.parse(reload.at) / 1000)
  if (api !== undefined) sheet.count(instruments.tokensRefused, [], api.refusedTokens)
}
