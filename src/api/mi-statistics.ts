/**
 * `get_statistics` as in OpenSIPS (statistics.c, mi_get_stats): an array of names, of groups (`core:`) or `all`, and
 * one flat object of `group:name`. Where OpenSIPS has a name for a number (core_stats.c) it is kept.
 */
import type { GatewayStatus } from '../base/status.js'
import { type Command, invalidParams } from './mi-command.js'

type Statistic = (status: GatewayStatus) => number

/** Since start, unless the name says what it is now. The one table of them, by group. */
const groups: Readonly<Record<string, Readonly<Record<string, Statistic>>>> = {
  core: {
    // names of OpenSIPS
    drop_requests: ({ edge }) => sum(edge?.requestsDropped),
    drop_replies: ({ edge }) => sum(edge?.responsesDropped),
    timestamp: ({ uptimeSeconds }) => Math.floor(uptimeSeconds),
    // ours
    relayed_messages: ({ messages }) => messages.relayed,
    lost_messages: ({ messages }) => sum(messages.lost),
    pings: ({ messages }) => messages.pings,
    own_replies: ({ edge }) => sum(edge?.answered),
    upstreams_down: ({ upstreams }) => upstreams.filter(({ state }) => state === 'down').length,
  },
  net: {
    open_connections: ({ connections }) => connections.open,
    accepted_connections: ({ connections }) => connections.acceptedTotal,
    initiated_connections: ({ connections }) => connections.connectedTotal,
    closed_connections: ({ connections }) => connections.closedTotal,
    failed_connections: ({ connections }) => sum(connections.failures),
  },
  tls: {
    connections_in_handshake: ({ connections }) => connections.inHandshake,
    traced_connections: ({ trace }) => trace.tracedConnections,
    trace_on: ({ trace }) => (trace.trace_mode === 'on' ? 1 : 0),
    trace_filter_failures: ({ trace }) => trace.filterFailures,
    certificate_days_left: lowestDaysLeft,
  },
  hep: {
    sent_packets: ({ destinations }) => total(destinations.map(({ sentPackets }) => sentPackets)),
    sent_bytes: ({ destinations }) => total(destinations.map(({ sentBytes }) => sentBytes)),
    dropped_packets: ({ destinations }) => total(destinations.map(({ dropped }) => sum(dropped))),
    truncated_packets: ({ destinations }) => total(destinations.map(({ truncated }) => truncated)),
    queued_packets: ({ destinations }) => total(destinations.map(({ queuedPackets }) => queuedPackets)),
    reconnects: ({ destinations }) => total(destinations.map(({ reconnects }) => reconnects)),
    lost_traces: ({ trace }) => trace.tracesLost,
    messages_without_call_id: ({ trace }) => trace.messagesWithoutCallId,
  },
}

const statistics: ReadonlyMap<string, Statistic> = new Map(
  Object.entries(groups).flatMap(([group, members]) =>
    Object.entries(members).map(([name, value]): [string, Statistic] => [`${group}:${name}`, value]),
  ),
)

export const getStatistics: Command = {
  recipes: [['statistics']],
  async run(values, { view }) {
    const asked = values.get('statistics')
    if (!isTexts(asked)) return { error: invalidParams }
    const names = asked.flatMap(matching)
    if (names.length === 0) return { error: { code: 404, message: 'Statistics Not Found' } }
    const status = await view.status()
    return { result: Object.fromEntries(names.map((name) => [name, statistics.get(name)!(status)])) }
  },
}

/** Full names for what was asked: what is not known is left out, as long as something is. */
function matching(asked: string): string[] {
  if (asked === 'all') return [...statistics.keys()]
  if (asked.endsWith(':')) return [...statistics.keys()].filter((name) => name.startsWith(asked))
  const wanted = asked.toLowerCase()
  return [...statistics.keys()].filter((name) => name === wanted || name.endsWith(`:${wanted}`))
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((one) => typeof one === 'string')
}

function sum(counts: Readonly<Record<string, number>> = {}): number {
  return total(Object.values(counts))
}

function total(numbers: readonly number[]): number {
  return numbers.reduce((all, one) => all + one, 0)
}

/** Of the certificate that ends first; whole days, as statistics are whole numbers. 0 without any. */
function lowestDaysLeft({ domains }: GatewayStatus): number {
  const days = domains.flatMap(({ certificates }) => certificates.map(({ daysLeft }) => Math.floor(daysLeft)))
  return days.length === 0 ? 0 : Math.min(...days)
}
