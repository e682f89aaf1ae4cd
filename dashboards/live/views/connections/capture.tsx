/** A file for Wireshark of all connections that match the search: what is kept of them, or what comes for a while as well. */
import { useState } from 'preact/hooks'
import { runningCapture, startCapture } from '../../state/capture.js'
import { toastError } from '../../state/toasts.js'
import { Button } from '../../ui/button.js'
import { Dialog } from '../../ui/dialog.js'
import { Segments } from '../../ui/field.js'
import { count, spelled } from '../../ui/format.js'
import { Status } from '../../ui/status.js'

interface CaptureProps {
  readonly search: string
  readonly closed: boolean
  /** undefined: not known, or the search is none */
  readonly matching: number | undefined
  /** of those that are shown */
  readonly traced: number
}

export function CaptureButton(props: CaptureProps) {
  const [asking, setAsking] = useState(false)
  const isRunning = runningCapture.value !== undefined
  return (
    <>
      <Button
        icon="download"
        // busy: it has the focus back when the dialog is gone
        busy={isRunning}
        disabled={props.matching === undefined}
        title={isRunning ? 'One capture at a time' : 'A file for Wireshark of all that match'}
        onClick={() => setAsking(true)}
      >
        Capture these
      </Button>
      {asking && <CaptureDialog {...props} onDone={() => setAsking(false)} />}
    </>
  )
}

const lengths = [
  { value: '0', label: 'Until now' },
  { value: '1', label: '+ 1 min' },
  { value: '5', label: '+ 5 min' },
  { value: '10', label: '+ 10 min' },
] as const

function CaptureDialog({ onDone, ...props }: CaptureProps & { onDone: () => void }) {
  const { search, closed } = props
  const [length, setLength] = useState<(typeof lengths)[number]['value']>('0')
  const minutes = Number(length) || undefined
  const start = () => {
    onDone()
    startCapture({ search, minutes }).catch((error: unknown) => toastError('There is no capture', error))
  }
  return (
    <Dialog
      title="Capture for Wireshark"
      onClose={onDone}
      actions={
        <>
          <Button onClick={onDone}>Cancel</Button>
          <Button tone="primary" icon="download" onClick={start}>
            {minutes === undefined ? 'Download' : 'Start'}
          </Button>
        </>
      }
    >
      <div class="stack">
        <p>
          {search.trim() === '' ? (
            'All that is traced.'
          ) : (
            <>
              What is traced of connections that match <code>{spelled(search)}</code>.
            </>
          )}
        </p>
        <Traced {...props} />
        {!closed && <Segments label="How long" value={length} options={lengths} onChange={setLength} />}
        <p class="muted">
          {minutes === undefined
            ? 'The messages that the gateway still has of them, readable without any keys.'
            : `The messages that the gateway still has, and what comes in the next ${minutes} min, of connections that come to match as well. It can be stopped at any time.`}
        </p>
      </div>
    </Dialog>
  )
}

/** Nobody shall wait ten minutes for an empty file. */
function Traced({ closed, matching, traced }: CaptureProps) {
  if (closed || matching === undefined) return null
  if (traced > 0) {
    return (
      <Status tone="good">
        {count(traced)} of those shown {traced === 1 ? 'is' : 'are'} traced now.
      </Status>
    )
  }
  return (
    <Status tone="warning">
      None of those shown is traced now: only what was traced before, and is still kept, gets into the file.
    </Status>
  )
}
