/** Tracing just this connection, for a while: what the switch and the filter say does not matter then. */
import { useState } from 'preact/hooks'
import type { ConnectionDetail } from '../../../../src/base/live.js'
import { api } from '../../net/api.js'
import { overview } from '../../state/live.js'
import { toast } from '../../state/toasts.js'
import { AsyncButton } from '../../ui/button.js'
import { DurationPicker } from '../../ui/field.js'
import { Icon } from '../../ui/icon.js'
import { Countdown } from '../../ui/time.js'
import { Section } from './section.js'

export function Tracing({ connection, changed }: { connection: ConnectionDetail; changed: () => void }) {
  const { conn_id, traced } = connection
  const picked = overview.value?.status.trace.picked.find((one) => one.conn_id === conn_id)
  const path = `/connections/${conn_id}/trace`
  if (picked !== undefined) {
    const stop = async () => {
      await api.delete(path)
      toast('It is no longer traced on its own.', 'info')
      changed()
    }
    return (
      <Section title="Trace">
        <div class="tracing on">
          <p class="tracing-text">
            <Icon name="record" size={16} /> Traced on its own,{' '}
            {picked.until === undefined ? (
              'until it is closed.'
            ) : (
              <>
                for another <Countdown until={picked.until} />
              </>
            )}
          </p>
          <AsyncButton small run={stop} failed="Stopping the trace failed">
            Stop
          </AsyncButton>
        </div>
      </Section>
    )
  }
  return (
    <Section title="Trace">
      {traced && (
        <p class="tracing-text">
          <Icon name="record" size={16} /> Traced, as the switch and the filter say.
        </p>
      )}
      <Start path={path} traced={traced} changed={changed} />
    </Section>
  )
}

function Start({ path, traced, changed }: { path: string; traced: boolean; changed: () => void }) {
  const [duration, setDuration] = useState<string | undefined>('10m')
  const start = async () => {
    await api.post(path, duration === undefined ? { until_closed: true } : { for: duration })
    toast(duration === undefined ? 'Traced until it is closed.' : `Traced for ${duration}.`)
    changed()
  }
  return (
    <div class="tracing">
      <DurationPicker label="For how long" value={duration} endless onChange={setDuration} />
      <AsyncButton small tone="primary" icon="record" run={start} failed="Starting the trace failed">
        {traced ? 'Keep it traced' : 'Trace this connection'}
      </AsyncButton>
    </div>
  )
}
