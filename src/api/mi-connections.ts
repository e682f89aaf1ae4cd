/**
 * `list_tcp_conns` as in OpenSIPS (net/net_tcp.c, mi_tcp_list_conns; modules/tls_mgm/tls_shared_data.h for what TLS
 * adds). Two things differ: an ID is a text, since ours are longer than what JSON numbers hold, and there is no
 * Lifetime, since our connections have no end that is known beforehand.
 */
import type { ConnectionQuery, ConnectionRow } from '../base/live.js'
import type { GatewayView } from '../base/ports.js'
import { type Command, invalidParams } from './mi-command.js'

/** Protocols of SIP that OpenSIPS knows and that have no connections here. */
const otherProtocols = new Set(['udp', 'sctp', 'ws', 'wss', 'hep_udp', 'hep_tcp', 'hep_tls', 'bin', 'bins', 'smpp'])
const streams = ['tcp', 'tls']
/** Every page is one pass over all connections. */
const pageRows = 10_000

export const listTcpConns: Command = {
  recipes: [[], ['proto']],
  async run(values, { view }) {
    const asked = values.has('proto') ? values.get('proto') : 'any'
    if (typeof asked !== 'string') return { error: invalidParams }
    const proto = asked.toLowerCase()
    if (otherProtocols.has(proto)) return { result: { Connections: [] } }
    if (proto !== 'any' && !streams.includes(proto)) return { error: { code: 400, message: 'Bad protocol' } }
    const rows = await allRows(view, proto === 'any' ? {} : { transport: proto })
    return { result: { Connections: rows.filter(({ transport }) => transport !== 'udp').map(connectionItem) } }
  },
}

async function allRows(view: GatewayView, fields: ConnectionQuery['fields']): Promise<ConnectionRow[]> {
  const rows: ConnectionRow[] = []
  let cursor: string | undefined
  do {
    const page = await view.connections({
      fields,
      sort: 'opened_at',
      descending: false,
      limit: pageRows,
      cursor,
      closed: false,
    })
    if ('problem' in page) throw new Error(page.problem)
    rows.push(...page.rows)
    cursor = page.next
  } while (cursor !== undefined)
  return rows
}

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
