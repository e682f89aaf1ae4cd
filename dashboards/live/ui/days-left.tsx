/** How long a certificate is still good for. */
import { plural } from './format.js'
import { Badge, type Tone } from './status.js'

/** as the gateway's own attention list counts */
const criticalDays = 3
const soonDays = 14

/** `days` below 0: so long it has been over. */
export function DaysLeft({ days, title }: { days: number; title?: string }) {
  const text = days < 0 ? `expired ${plural(Math.ceil(-days), 'day')} ago` : `${plural(Math.floor(days), 'day')} left`
  return (
    <Badge tone={toneOf(days)} title={title}>
      {text}
    </Badge>
  )
}

function toneOf(days: number): Tone {
  if (days <= criticalDays) return 'bad'
  return days <= soonDays ? 'warning' : 'good'
}
