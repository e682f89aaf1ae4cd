/** Overview: what needs attention first, then how much is going on, then how everything is. */
import { overview } from '../../state/live.js'
import { Skeleton } from '../../ui/panel.js'
import { AttentionList } from './attention.js'
import { Charts } from './charts.js'
import { Headline } from './headline.js'
import { Destinations, Sockets, Upstreams } from './health.js'
import { Certificates, Ciphers, Versions } from './tls.js'

export default function Overview() {
  const shown = overview.value
  if (shown === undefined) return <Skeleton lines={8} />
  const { status, breakdown, attention } = shown
  return (
    <div class="view overview">
      <h1 class="sr-only">Overview</h1>
      <AttentionList attention={attention} />
      <Headline status={status} breakdown={breakdown} />
      <Charts startedAt={status.startedAt} />
      <div class="overview-panels">
        <Destinations destinations={status.destinations} />
        <Upstreams upstreams={status.upstreams} />
        <Certificates domains={status.domains} />
        <Versions versions={breakdown.versions} weak={breakdown.weak} />
        <Ciphers ciphers={breakdown.ciphers} />
        <Sockets listeners={status.listeners} collector={status.collector} />
      </div>
    </div>
  )
}
