/** Trace: the switch and what is on now, the filter, where traces go, certificates, and who changed what. */
import { board, overview, useWatch } from '../../state/live.js'
import { Skeleton } from '../../ui/panel.js'
import { AuditCard } from './audit.js'
import { DestinationsCard } from './destinations.js'
import { DomainsCard } from './domains.js'
import { FilterCard } from './filter.js'
import { SwitchCard } from './switch.js'

export default function Trace() {
  useWatch({ topics: ['trace'] })
  const shown = board.value
  if (shown === undefined) return <Skeleton lines={8} />
  const { destinations, audit } = shown
  // the page's own stream brings the count of traced connections each second
  const status = overview.value?.status.trace ?? shown.status
  return (
    <div class="view trace">
      <h1 class="sr-only">Trace</h1>
      <div class="trace-main">
        <SwitchCard status={shown.status} traced={status.tracedConnections} audit={audit} />
        <FilterCard status={shown.status} />
        <DestinationsCard destinations={destinations} />
      </div>
      <div class="trace-side">
        <AuditCard audit={audit} />
        <DomainsCard audit={audit} />
      </div>
    </div>
  )
}
