/** Everything about one connection: who it is, what happened to it, what it carries, and what can be done about it. */
import type { ConnectionDetail, ConnectionRow } from '../../../../src/base/live.js'
import { setParams } from '../../router.js'
import { connections } from '../../state/live.js'
import { Drawer } from '../../ui/dialog.js'
import { Empty, Skeleton } from '../../ui/panel.js'
import { Status } from '../../ui/status.js'
import { Certificates } from './certificates.js'
import { CloseButton } from './closing.js'
import { Peer, State } from './columns.js'
import { useDetail } from './detail.js'
import { ClosedNotice, Identity, Offer } from './identity.js'
import { Messages } from './messages.js'
import { Timeline } from './timeline.js'
import { Tracing } from './tracing.js'
import { Traffic } from './traffic.js'
import { Wireshark } from './wireshark.js'

const close = () => setParams({ id: undefined })

export function ConnectionDrawer({ id }: { id: string }) {
  const { known, gone, problem, refresh } = useDetail(id)
  connections.version.value // the stream brings its row each second
  const row = known?.state === 'closed' ? known : (connections.get(id) ?? known)
  const alive = known !== undefined && known.state !== 'closed' && !gone
  const doubt = gone ? 'It was closed and is forgotten.' : problem
  return (
    <Drawer
      title={row === undefined ? `Connection ${id}` : <Title row={row} />}
      onClose={close}
      actions={alive ? <CloseButton connection={known} closed={refresh} /> : undefined}
    >
      {known !== undefined ? (
        <div class="connection">
          {doubt !== undefined && <Status tone="warning">{doubt} This is how it was.</Status>}
          <Known known={withLatest(known, row)} alive={alive} refresh={refresh} />
        </div>
      ) : gone ? (
        <Empty icon="plug" title="This connection is not known any more">
          It was closed too long ago, or before the gateway was started. If it was traced, the collector has its events.
        </Empty>
      ) : problem !== undefined ? (
        <Empty icon="warning" title="It cannot be shown">
          {problem}
        </Empty>
      ) : (
        <Skeleton lines={10} />
      )}
    </Drawer>
  )
}

function Title({ row }: { row: ConnectionRow }) {
  return (
    <span class="row connection-title">
      <Peer row={row} />
      <State row={row} />
    </span>
  )
}

function Known({ known, alive, refresh }: { known: ConnectionDetail; alive: boolean; refresh: () => void }) {
  return (
    <>
      <ClosedNotice connection={known} />
      <Identity connection={known} />
      {alive && <Tracing connection={known} changed={refresh} />}
      <Traffic connection={known} />
      <Timeline connection={known} />
      <Certificates connection={known} />
      <Offer connection={known} />
      <Messages connection={known} />
      <Wireshark connection={known} />
    </>
  )
}

/** The counters of the stream are newer than those of the last answer. */
function withLatest(known: ConnectionDetail, row: ConnectionRow | undefined): ConnectionDetail {
  if (row === undefined || row === known) return known
  const { bytes_in, bytes_out, msgs_in, msgs_out, traced } = row
  return { ...known, bytes_in, bytes_out, msgs_in, msgs_out, traced }
}
