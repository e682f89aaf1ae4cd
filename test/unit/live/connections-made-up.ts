/** Connections as the gateway would know them, without one: a few of every kind, as many as wanted. */

import { publishConnection } from '../../../src/base/channels.js'
import type { Cause } from '../../../src/base/errors.js'
import type { ConnectionEvent, ConnectionEventName, ConnectionFacts } from '../../../src/base/facts.js'
import type { ConnectionQuery } from '../../../src/base/live.js'
import { silentLog } from '../../../src/base/log.js'
import { Observers } from '../../../src/base/observers.js'
import { LiveConnections, type LiveConnectionsOptions } from '../../../src/live/connections/connections.js'
import { Walks } from '../../../src/live/walks.js'
import { certificate, connection, startMicros } from '../trace/fakes.js'

export { certificate, startMicros }

export function live(changes: Partial<ConnectionFacts> = {}): ConnectionFacts {
  return connection({ listener: 'tls:0.0.0.0:5061', users: [], ...changes })
}

/** The same connection after its end. */
export function closedOf(facts: ConnectionFacts, cause: Cause = 'peer-closed', durationMs = 1500): ConnectionFacts {
  facts.closed = { cause, by: 'peer', message: 'the peer closed the connection', durationMs }
  return facts
}

export function eventOf(
  name: ConnectionEventName,
  facts: ConnectionFacts,
  changes: Partial<ConnectionEvent> = {},
): ConnectionEvent {
  return { name, status: 'SUCCESS', cause: undefined, message: `it was ${name}`, facts, ...changes }
}

const tls = live().tls!
const versions = ['TLSv1.3', 'TLSv1.3', 'TLSv1.3', 'TLSv1.2', 'TLSv1.2', 'TLSv1']
const certificates = Array.from({ length: 50 }, (_, n) => ({
  ...certificate(`phone${n}.example.com`),
  sha256: n.toString(16).padStart(2, '0').repeat(32),
}))

/** All different, of every version and direction; each seventh over IPv6, each ninth in its handshake. */
export function manyConnections(count: number): ConnectionFacts[] {
  return Array.from({ length: count }, (_, n) => {
    const isOpening = n % 9 === 8
    return live({
      direction: n % 5 === 0 ? 'out' : 'in',
      peer: {
        ip: n % 7 === 0 ? `2001:db8:${(n % 997).toString(16)}::${((n % 65535) + 1).toString(16)}` : inet4(n),
        port: 1024 + (n % 60000),
      },
      openedMicros: startMicros + n * 1000,
      sni: n % 11 === 0 ? undefined : `tenant${n % 300}.example.com`,
      tls: isOpening ? undefined : { ...tls, version: versions[n % versions.length] },
      peerCertificate: n % 3 === 0 ? certificates[n % certificates.length] : undefined,
      handshakeMs: isOpening ? undefined : (n * 7) % 500,
      users: n % 2 === 0 ? [`user${n}@example.com`] : [],
      bytesIn: (n * 7919) % 100_003,
      messagesIn: n % 100,
    })
  })
}

function inet4(n: number): string {
  return `10.${n % 200}.${(n >> 8) % 256}.${n % 251}`
}

export function query(changes: Partial<ConnectionQuery> = {}): ConnectionQuery {
  return { sort: 'opened_at', descending: true, limit: 50, closed: false, ...changes }
}

/** The live view of a gateway that has these connections. */
export function viewOf(
  connections: Map<string, ConnectionFacts>,
  options: Partial<LiveConnectionsOptions> = {},
): LiveConnections {
  return new LiveConnections({
    facts: () => connections.values(),
    get: (id) => connections.get(id),
    traced: (facts) => facts.trace !== undefined,
    inspect: () => undefined,
    calls: { settle() {}, callIdsOf: () => [], usersOf: () => [], connectionsOfCall: () => [], messagesOf: () => [] },
    observers: new Observers(silentLog),
    walks: new Walks(),
    closedKept: 100,
    peerKey: (ip) => ip,
    nowMicros: () => startMicros + 60_000_000,
    ...options,
  })
}

export function byId(connections: Iterable<ConnectionFacts>): Map<string, ConnectionFacts> {
  return new Map(Array.from(connections, (facts) => [facts.id, facts]))
}

/** What tls/ does at the end of a connection. */
export function close(connections: Map<string, ConnectionFacts>, facts: ConnectionFacts, cause?: Cause): void {
  closedOf(facts, cause)
  connections.delete(facts.id)
  publishConnection(eventOf('CLOSED', facts, { cause: facts.closed!.cause }))
}
