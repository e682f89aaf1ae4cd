/**
 * `list_tcp_conns` as in OpenSIPS (net/net_tcp.c, mi_tcp_list_conns; modules/tls_mgm/tls_shared_data.h for what TLS
 * adds). Three things differ: an ID is a text, since ours are longer than what JSON numbers hold; there is no
 * Lifetime, since our connections have no end that is known beforehand; and of very many the oldest are told, with
 * the `Total` of all.
 */
import type { ConnectionFilter, ConnectionRow } from '../base/live.js'
import type { GatewayView } from '../base/ports.js'
import { type Command, invalidParams } from './mi-command.js'

/** Protocols of SIP that OpenSIPS knows and that have no connections here. */
const otherProtocols = new Set(['udp', 'sctp', 'ws', 'wss', 'hep_udp', 'hep_tcp', 'hep_tls', 'bin', 'bins', 'smpp'])
const streams = ['tcp', 'tls']
/** Every page is one pass over all connections. */
const pageRows = 10_000
/** 4 MB of text, which is written in one go: 50,000 would hold up the calls that go over them. */
const maxTold = 20_000

export const listTcpConns: Command = {
  recipes: [[], ['proto']],
  async run(values, { view }) {
    const asked = values.has('proto') ? values.get('proto') : 'any'
    if (typeof asked !== 'string') return { error: invalidParams }
    const proto = asked.toLowerCase()
    if (otherProtocols.has(proto)) return { result: { Connections: [] } }
    if (proto !== 'any' && !streams.includes(proto)) return { error: { code: 400, message: 'Bad protocol' } }
    return {
      result: await listOf(view, proto === 'any' ? { search: '-transport:udp' } : { fields: { transport: proto } }),
    }
  },
}

async function listOf(view: GatewayView, filter: ConnectionFilter) {
  const Connections: ConnectionItem[] = []
  for (let cursor: string | undefined; ; ) {
    const page = await view.connections({
      ...filter,
      sort: 'opened_at',
      descending: false,
      limit: pageRows,
      cursor,
      closed: false,
    })
    if ('problem' in page) throw new Error(page.problem)
    for (const row of page.rows) Connections.push(connectionItem(row))
    cursor = page.next
    if (cursor === undefined) return { Connections }
    if (Connections.length >= maxTold) return { Connections, Total: page.total }
  }
}

type ConnectionItem = ReturnType<typeof connectionItem>

/** enum tcp_conn_states of net/tcp_conn_defs.h; a handshake of TLS counts as connecting there */
const stateNumbers = { open: 0, handshake: 1, closed: -1 } as const

function connectionItem({ conn_id, transport, state, peer, local, tls_version, tls_cipher, verify }: ConnectionRow) {
  return {
    ID: conn_id,
    Type: transport,
    State: stateNumbers[state],
    Remote: peer,
    Local: local,
    ...(tls_version !== undefined && {
      'TLS Version': tls_version,
      'TLS Cipher': tls_cipher,
      'TLS Peer verified': verify === 'ok' ? 1 : 0,
    }),
  }
}
