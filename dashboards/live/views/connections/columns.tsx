/** The columns of the table of connections, live and closed, and how a connection looks on a phone. */
import type { ConnectionRow } from '../../../../src/base/live.js'
import { isDeprecated } from '../../../../src/base/tls-versions.js'
import { commonName, duration, plural, shortCount, bytes as size, spelled, tlsVersion } from '../../ui/format.js'
import { Icon } from '../../ui/icon.js'
import { PeerText } from '../../ui/peer-text.js'
import { Status } from '../../ui/status.js'
import type { Column } from '../../ui/table.js'
import { Elapsed, Time } from '../../ui/time.js'
import { causeTone, endpointParts } from './words.js'

type ConnectionColumn = Column<ConnectionRow>

const peer: ConnectionColumn = {
  id: 'peer',
  title: 'Peer',
  width: 'minmax(11rem, 1.1fr)',
  sortable: true,
  cell: (row) => <Peer row={row} />,
}
const name: ConnectionColumn = {
  id: 'tls_sni',
  title: 'Name (SNI)',
  width: 'minmax(7rem, 1fr)',
  sortable: true,
  cell: ({ tls_sni, domain }) =>
    tls_sni === undefined ? <span class="muted">{domain ?? '–'}</span> : <PeerText text={tls_sni} />,
}
const tls: ConnectionColumn = {
  id: 'tls_version',
  title: 'TLS',
  width: 'minmax(10.5rem, 1.5fr)',
  sortable: true,
  cell: (row) => <Tls row={row} />,
}
const users: ConnectionColumn = {
  id: 'users',
  title: 'Users',
  width: 'minmax(8.5rem, 1.1fr)',
  cell: (row) => <Users row={row} />,
}
const way: ConnectionColumn = {
  id: 'way',
  title: 'Way',
  width: '4.75rem',
  cell: ({ direction, side }) => (
    <span title={wayText(direction, side)}>
      {direction} <span class="muted">{side}</span>
    </span>
  ),
}
const messages: ConnectionColumn = {
  id: 'messages',
  title: 'Messages in, out',
  width: '7.5rem',
  align: 'end',
  sortable: true,
  cell: ({ msgs_in, msgs_out }) => (
    <span class="pair">
      <span>{shortCount(msgs_in)}</span>
      <span>{shortCount(msgs_out)}</span>
    </span>
  ),
}
const bytes: ConnectionColumn = {
  id: 'bytes',
  title: 'Bytes',
  width: '5rem',
  align: 'end',
  sortable: true,
  cell: ({ bytes_in, bytes_out }) => (
    <span title={`${size(bytes_in)} in, ${size(bytes_out)} out`}>{size(bytes_in + bytes_out)}</span>
  ),
}

export const liveColumns: readonly ConnectionColumn[] = [
  { id: 'state', title: 'State', width: '6.75rem', cell: (row) => <State row={row} /> },
  peer,
  name,
  tls,
  users,
  way,
  messages,
  bytes,
  {
    id: 'opened_at',
    title: 'Open for',
    width: '5.75rem',
    align: 'end',
    sortable: true,
    cell: ({ opened_at }) => <Elapsed since={opened_at} />,
  },
]

export const closedColumns: readonly ConnectionColumn[] = [
  { id: 'cause', title: 'Cause', width: 'minmax(12.5rem, 1.1fr)', cell: (row) => <State row={row} /> },
  peer,
  name,
  tls,
  users,
  messages,
  {
    id: 'lasted',
    title: 'Lasted',
    width: '5.75rem',
    align: 'end',
    cell: ({ closed }) => closed && duration(closed.duration_ms),
  },
  {
    id: 'closed_at',
    title: 'Closed',
    width: '5.75rem',
    align: 'end',
    sortable: true,
    cell: ({ closed }) => closed && <Time at={closed.at} />,
  },
]

/** For a phone: who, over what, how much. */
export function card(row: ConnectionRow) {
  const version = row.tls_version === undefined ? row.transport.toUpperCase() : tlsVersion(row.tls_version)
  return (
    <>
      <div class="connection-card-head">
        <Peer row={row} />
        <State row={row} />
      </div>
      <div class="cut">{row.closed === undefined ? <Users row={row} /> : <PeerText text={row.closed.message} />}</div>
      <div class="connection-card-foot muted">
        <span class="cut">{[version, spelled(row.tls_sni ?? row.domain ?? '')].filter(Boolean).join(' · ')}</span>
        <span>
          {plural(row.msgs_in + row.msgs_out, 'message')} ·{' '}
          {row.closed === undefined ? <Elapsed since={row.opened_at} /> : <Time at={row.closed.at} />}
        </span>
      </div>
    </>
  )
}

/** Of a closed one: why. */
export function State({ row }: { row: ConnectionRow }) {
  const traced = row.traced && <Traced />
  if (row.closed !== undefined) {
    return (
      <span class="connection-state" title={spelled(row.closed.message)}>
        <Status tone={causeTone(row.closed.cause)}>{row.closed.cause}</Status>
        {traced}
      </span>
    )
  }
  return (
    <span class="connection-state">
      {row.state === 'open' ? <Status tone="good">Open</Status> : <Status tone="info">Handshake</Status>}
      {traced}
    </span>
  )
}

function Traced() {
  return (
    <span class="traced" title="Traced">
      <Icon name="record" size={15} />
      <span class="sr-only">traced</span>
    </span>
  )
}

export function Peer({ row }: { row: ConnectionRow }) {
  const [address, port] = endpointParts(row.peer)
  return (
    <span class="code" title={row.proxied_by === undefined ? row.peer : `${row.peer} through ${row.proxied_by}`}>
      {address}
      <span class="muted">{port}</span>
    </span>
  )
}

function Tls({ row: { transport, tls_version, tls_cipher } }: { row: ConnectionRow }) {
  if (tls_version === undefined) return <span class="muted">{transport === 'tls' ? '–' : transport.toUpperCase()}</span>
  const weak = isDeprecated(tls_version)
  return (
    <span class={weak ? 'weak-tls' : undefined} title={`${tlsVersion(tls_version)} ${tls_cipher ?? ''}`}>
      {weak && (
        <>
          <Icon name="warning" size={14} />
          <span class="sr-only">deprecated: </span>
        </>
      )}
      {tlsVersion(tls_version)} <span class="muted cipher">{tls_cipher?.replace(/^TLS_/, '')}</span>
    </span>
  )
}

function Users({ row: { users: all, peer_certificate } }: { row: ConnectionRow }) {
  const latest = all.at(-1)
  if (latest === undefined) {
    return peer_certificate === undefined ? (
      <span class="muted">–</span>
    ) : (
      <span class="muted">
        <PeerText text={commonName(peer_certificate.subject)} />
      </span>
    )
  }
  return (
    <span title={spelled(all.join(', '))}>
      <PeerText text={latest} />
      {all.length > 1 && <span class="muted"> +{all.length - 1}</span>}
    </span>
  )
}

export function wayText(direction: ConnectionRow['direction'], side: ConnectionRow['side']): string {
  const who = side === 'edge' ? 'edge: phones, trunks, the internet' : 'core: our own servers'
  return `${direction === 'in' ? 'accepted' : 'opened by us'}, ${who}`
}
