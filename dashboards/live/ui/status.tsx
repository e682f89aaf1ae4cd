/** How something is: a colour, always with a shape and a word. */
import type { ComponentChildren } from 'preact'
import { Icon } from './icon.js'

export type Tone = 'good' | 'warning' | 'bad' | 'info' | 'neutral'

/** A word in a pill. `icon={false}` where the word alone says how it is. */
export function Badge(props: { tone?: Tone; icon?: boolean; title?: string | undefined; children: ComponentChildren }) {
  const { tone = 'neutral', icon = tone !== 'neutral', title, children } = props
  return (
    <span class={`badge tone-${tone}`} title={title}>
      {icon && <Icon name={tone} size={13} />}
      {children}
    </span>
  )
}

/** A shape in front of running text. */
export function Status({ tone, children }: { tone: Tone; children: ComponentChildren }) {
  return (
    <span class="status">
      <span class={`status-mark tone-${tone}`}>
        <Icon name={tone} size={15} />
      </span>
      <span>{children}</span>
    </span>
  )
}
