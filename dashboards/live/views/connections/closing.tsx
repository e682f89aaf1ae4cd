/** Closing one connection: what that does to whom, and why it is done, for those who read of it later. */
import { useState } from 'preact/hooks'
import type { ConnectionDetail } from '../../../../src/base/live.js'
import { api, query } from '../../net/api.js'
import { toast } from '../../state/toasts.js'
import { AsyncButton, Button } from '../../ui/button.js'
import { Dialog } from '../../ui/dialog.js'
import { TextField } from '../../ui/field.js'
import { spelled } from '../../ui/format.js'

/** of the gateway */
const longestReason = 200

interface CloseProps {
  readonly connection: ConnectionDetail
  readonly closed: () => void
}

export function CloseButton({ connection, closed }: CloseProps) {
  const [asking, setAsking] = useState(false)
  return (
    <>
      <Button tone="danger" icon="close" onClick={() => setAsking(true)}>
        Close connection
      </Button>
      {asking && <CloseDialog connection={connection} closed={closed} onDone={() => setAsking(false)} />}
    </>
  )
}

function CloseDialog({ connection, closed, onDone }: CloseProps & { onDone: () => void }) {
  const { conn_id, peer } = connection
  const [reason, setReason] = useState('')
  const run = async () => {
    await api.delete(`/connections/${conn_id}${query({ reason: reason.trim() })}`)
    toast(`The connection of ${peer} is being closed.`)
    onDone()
    closed()
  }
  return (
    <Dialog
      title={`Close the connection of ${peer}?`}
      onClose={onDone}
      actions={
        <>
          <Button autofocus onClick={onDone}>
            Cancel
          </Button>
          <AsyncButton tone="danger" run={run} failed="Closing failed">
            Close it
          </AsyncButton>
        </>
      }
    >
      <div class="stack">
        <p>{consequences(connection)}</p>
        <TextField
          label="Reason"
          hint="May be left out. It stands in the events of the connection and in the list of changes."
          value={reason}
          maxLength={longestReason}
          onInput={setReason}
        />
      </div>
    </Dialog>
  )
}

function consequences({ state, side, relayed_to, users }: ConnectionDetail): string {
  if (state === 'handshake') return 'Its set-up is broken off. The peer may try again at once.'
  const first = 'What is queued for it is still sent, then it ends in order.'
  if (relayed_to !== undefined) return `${first} The other leg of the relay ends with it.`
  if (side === 'core') return `${first} It leads to one of our own servers; the next message for it opens a new one.`
  const until =
    users.length > 0 ? ` ${spelled(users.join(', '))} cannot be called over it until the phone registers again.` : ''
  return `${first} Speech of running calls goes on; their SIP needs a new connection, which phones open by themselves.${until}`
}
