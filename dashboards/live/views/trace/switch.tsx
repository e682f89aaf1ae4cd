/** The switch and all that hangs on it: how it is now at the left, what to change it to at the right. */
import { useState } from 'preact/hooks'
import type { AuditEntry } from '../../../../src/base/live.js'
import type { TraceStatus } from '../../../../src/base/status.js'
import { Card } from '../../ui/panel.js'
import { PickedList } from './picked.js'
import { putSwitch, type Wanted, wantedOf } from './switch-change.js'
import { SwitchForm } from './switch-form.js'
import { SwitchState } from './switch-state.js'

export interface SwitchCardProps {
  readonly status: TraceStatus
  /** connections traced now */
  readonly traced: number
  readonly audit: readonly AuditEntry[]
}

export function SwitchCard({ status, traced, audit }: SwitchCardProps) {
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
