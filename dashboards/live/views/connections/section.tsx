/** A part of the drawer under a heading of its own. */
import type { ComponentChildren } from 'preact'
import { useId } from 'preact/hooks'

export function Section(props: { title: string; note?: ComponentChildren; children: ComponentChildren }) {
  const { title, note, children } = props
  const id = useId()
  return (
    <section class="connection-section" aria-labelledby={id}>
      <header>
        <h3 id={id}>{title}</h3>
        {note !== undefined && <span class="muted">{note}</span>}
      </header>
      {children}
    </section>
  )
}
