/** Shares of a whole as bars, the largest first, each with its number. */
import type { ComponentChildren } from 'preact'
import { count } from './format.js'

export interface Bar {
  readonly label: string
  readonly value: number
  readonly tone?: 'warning' | 'bad' | undefined
  /** where a click leads */
  readonly href?: string | undefined
}

export function Bars({ label, bars, rest = 6 }: { label: string; bars: readonly Bar[]; rest?: number }) {
  const sorted = [...bars].sort((a, b) => b.value - a.value)
  const total = sorted.reduce((sum, bar) => sum + bar.value, 0)
  const others = sorted.slice(rest).reduce((sum, bar) => sum + bar.value, 0)
  const shown = others === 0 ? sorted : [...sorted.slice(0, rest), { label: 'others', value: others }]
  return (
    <ul class="bars" aria-label={label}>
      {shown.map((bar) => (
        <li key={bar.label} class={bar.tone === undefined ? undefined : `bar-${bar.tone}`}>
          <Linked href={bar.href}>
            <span class="bar-label">{bar.label}</span>
            <span class="bar-value">
              {count(bar.value)} <small>{share(bar.value, total)}</small>
            </span>
            <span class="bar-track">
              <span class="bar-fill" style={{ width: `${total === 0 ? 0 : (100 * bar.value) / total}%` }} />
            </span>
          </Linked>
        </li>
      ))}
    </ul>
  )
}

function Linked({ href, children }: { href: string | undefined; children: ComponentChildren }) {
  return href === undefined ? (
    <div class="bar">{children}</div>
  ) : (
    <a class="bar" href={href}>
      {children}
    </a>
  )
}

function share(value: number, total: number): string {
  const percent = total === 0 ? 0 : (100 * value) / total
  return percent > 0 && percent < 1 ? '<1 %' : `${Math.round(percent)} %`
}
