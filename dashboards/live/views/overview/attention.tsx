/** What a person should look at, the gravest first, each with the way there. */
import type { Attention } from '../../../../src/base/live.js'
import { href } from '../../router.js'
import { spelled } from '../../ui/format.js'
import { Icon } from '../../ui/icon.js'
import { Card } from '../../ui/panel.js'

const tones: Readonly<Record<Attention['level'], 'bad' | 'warning' | 'info'>> = {
  critical: 'bad',
  warning: 'warning',
  info: 'info',
}
const words: Readonly<Record<Attention['level'], string>> = { critical: 'Critical', warning: 'Warning', info: 'Note' }

export function AttentionList({ attention }: { attention: readonly Attention[] }) {
  if (attention.length === 0) {
    return (
      <p class="all-well">
        <Icon name="good" /> Nothing needs attention.
      </p>
    )
  }
  return (
    <Card title="Needs attention" class="attention-card">
      <ul class="attention">
        {attention.map((one) => (
          <li key={one.code + one.message} class={`tone-${tones[one.level]} attention-${one.level}`}>
            <Icon name={tones[one.level]} />
            <span class="attention-level">{words[one.level]}</span>
            <p>{spelled(one.message)}</p>
            <Way {...one} />
          </li>
        ))}
      </ul>
    </Card>
  )
}

function Way({ view, search }: Attention) {
  if (view === 'overview') return null
  return (
    <a href={href(view, { search })}>
      Show<span class="sr-only"> in {view}</span>
      <Icon name="right" size={14} />
    </a>
  )
}
