/** The switch and all that hangs on it: how it is now at the left, what to change it to at the right. */
import { useState } from 'preact/hooks'
import { Card } from '../../ui/panel.js'
import { PickedList } from './picked.js'
import { putSwitch, type Wanted, wantedOf } from './switch-change.js'
import { SwitchForm } from './switch-form.js'
import { SwitchState, type TraceNow } from './switch-state.js'

export function SwitchCard({ status, traced, audit }: TraceNow) {
  // undefined: the form is as the gateway is
  const [edited, setEdited] = useState<Wanted | undefined>(undefined)
  const wanted = edited ?? wantedOf(status)
  const on = status.trace_mode === 'on'
  const change = async (to: Wanted | undefined) => {
    await putSwitch(to)
    setEdited(undefined)
  }
  return (
    <Card title="Tracing" class={`switch-card${on ? ' on' : ''}`}>
      <div class="switch">
        <SwitchState status={status} traced={traced} audit={audit} wanted={wanted} change={change} />
        <SwitchForm on={on} wanted={wanted} touched={edited !== undefined} onEdit={setEdited} change={change} />
      </div>
      <PickedList picked={status.picked} />
    </Card>
  )
}
