/** Surfaces that hold something: cards, and what stands there while there is nothing to show. */
import type { ComponentChildren } from 'preact'
import { useId } from 'preact/hooks'
import { CopyButton } from './button.js'
import { Icon, type IconName } from './icon.js'

export interface CardProps {
  readonly title: string
  /** beside the title: a number, a hint */
  readonly note?: ComponentChildren
  readonly actions?: ComponentChildren
  readonly class?: string
  readonly children: ComponentChildren
}

export function Card({ title, note, actions, class: extra = '', children }: CardProps) {
  const id = useId()
  return (
    <section class={`card ${extra}`} aria-labelledby={id}>
      <header class="card-head">
        <h2 id={id}>{title}</h2>
        {note !== undefined && <span class="card-note">{note}</span>}
        {actions !== undefined && <div class="card-actions">{actions}</div>}
      </header>
      {children}
    </section>
  )
}

/** Nothing is there: says why, and what to do about it. */
export function Empty(props: {
  icon?: IconName
  title: string
  action?: ComponentChildren
  children?: ComponentChildren
}) {
  const { icon = 'info', title, action, children } = props
  return (
    <div class="empty">
      <Icon name={icon} size={26} />
      <p class="empty-title">{title}</p>
      {children !== undefined && <p>{children}</p>}
      {action}
    </div>
  )
}

/** The place of something that is on its way. */
export function Skeleton({ lines = 3 }: { lines?: number }) {
  return (
    <div class="skeleton" role="status" aria-label="Loading">
      {Array.from({ length: lines }, (_, i) => (
        <span key={i} />
      ))}
    </div>
  )
}

/** Text as it is, with a button that copies it. `children`: the same text, coloured. */
export function CodeBlock({ text, label, children }: { text: string; label: string; children?: ComponentChildren }) {
  return (
    <figure class="code-block" aria-label={label}>
      <CopyButton text={text} label={`Copy ${label}`} />
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached with the keyboard */}
      <pre tabIndex={0}>{children ?? text}</pre>
    </figure>
  )
}

export interface Fact {
  readonly name: string
  /** undefined: left out */
  readonly value: ComponentChildren
}

/** Names and values in two columns. */
export function Facts({ facts }: { facts: readonly Fact[] }) {
  return (
    <dl class="facts">
      {facts
        .filter(({ value }) => value !== undefined)
        .map(({ name, value }) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
    </dl>
  )
}
