/**
 * Two panes with a border between them that can be moved, with the pointer or the arrow keys; a double click or Enter
 * puts it back. Where it was left is kept in this browser.
 */
import type { ComponentChildren } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'

export interface SplitProps {
  /** of the border, for a screen reader */
  readonly label: string
  /** what its place is kept under */
  readonly name: string
  /** one above the other */
  readonly stacked: boolean
  /** how much of `total` the first one takes before anybody moved the border, in px */
  readonly usual: (total: number) => number
  /** neither gets smaller, in px */
  readonly least: number
  readonly first: ComponentChildren
  readonly second: ComponentChildren
}

/** of the whole, with each press of a key */
const step = 0.02

export function Split({ label, name, stacked, usual, least, first, second }: SplitProps) {
  const frame = useRef<HTMLDivElement>(null)
  const [total, setTotal] = useState(0)
  const key = `hepgate-split-${name}${stacked ? '-stacked' : ''}`
  const [share, setShare] = useState<number | undefined>(undefined)
  useEffect(() => setShare(keptShare(key)), [key])
  useEffect(() => {
    const element = frame.current!
    const observer = new ResizeObserver(() => setTotal(stacked ? element.clientHeight : element.clientWidth))
    observer.observe(element)
    return () => observer.disconnect()
  }, [stacked])

  const bounded = (px: number) => Math.round(Math.max(least, Math.min(total - least, px)))
  const size = bounded(share === undefined ? usual(total) : share * total)
  const moveTo = (px: number | undefined) => {
    const next = px === undefined ? undefined : bounded(px) / total
    setShare(next)
    if (next === undefined) localStorage.removeItem(key)
    else localStorage.setItem(key, next.toFixed(3))
  }
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === (stacked ? 'ArrowUp' : 'ArrowLeft')) moveTo(size - step * total)
    else if (event.key === (stacked ? 'ArrowDown' : 'ArrowRight')) moveTo(size + step * total)
    else if (event.key === 'Home') moveTo(least)
    else if (event.key === 'End') moveTo(total - least)
    else if (event.key === 'Enter') moveTo(undefined)
    else return
    event.preventDefault()
  }
  const onPointerMove = (event: PointerEvent & { currentTarget: HTMLElement }) => {
    if (!event.currentTarget.hasPointerCapture(event.pointerId)) return
    const { left, top } = frame.current!.getBoundingClientRect()
    moveTo(stacked ? event.clientY - top : event.clientX - left)
  }
  const tracks = `${size}px 1px minmax(0, 1fr)`
  return (
    <div
      ref={frame}
      class={`split${stacked ? ' stacked' : ''}`}
      style={{ gridTemplateColumns: stacked ? undefined : tracks, gridTemplateRows: stacked ? tracks : undefined }}
    >
      {first}
      {/* biome-ignore lint/a11y/useSemanticElements: a separator that is moved is no <hr> */}
      <div
        class="split-border"
        role="separator"
        tabIndex={0}
        aria-label={label}
        title="Drag to move, double-click to put it back"
        aria-orientation={stacked ? 'horizontal' : 'vertical'}
        aria-valuenow={total === 0 ? 50 : Math.round((100 * size) / total)}
        aria-valuemin={0}
        aria-valuemax={100}
        onKeyDown={onKeyDown}
        onPointerDown={(event) => event.currentTarget.setPointerCapture(event.pointerId)}
        onPointerMove={onPointerMove}
        onDblClick={() => moveTo(undefined)}
      />
      {second}
    </div>
  )
}

function keptShare(key: string): number | undefined {
  const share = Number(localStorage.getItem(key) ?? Number.NaN)
  return share > 0 && share < 1 ? share : undefined
}
