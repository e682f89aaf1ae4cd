/**
 * Draws the ladder: one row for each message, only those in sight. Arrows, Page Up/Down, Home and End choose, Enter
 * opens the text. On a phone each row says in words who sent it to whom.
 */
// biome-ignore-all lint/a11y/useFocusableInteractive: the list has the focus and names the row (aria-activedescendant)
import { Component } from 'preact'
import { useEffect, useId, useMemo, useRef, useState } from 'preact/hooks'
import type { MessageView } from '../../../../src/base/live.js'
import { narrow } from '../../state/screen.js'
import { type Geometry, geometryOf, rungHeight } from './geometry.js'
import type { Ladder, Line, Rung as RungData } from './ladder.js'
import { Head } from './party.js'
import { NarrowRung, Rung } from './rung.js'

const narrowHeight = 58
const overscan = 8

export interface LadderViewProps {
  readonly ladder: Ladder
  /** `n` of a message */
  readonly chosen: number | undefined
  readonly onChoose: (message: MessageView) => void
  readonly onOpen: () => void
}

export function LadderView({ ladder, chosen, onChoose, onOpen }: LadderViewProps) {
  const id = useId()
  const frame = useRef<HTMLDivElement>(null)
  const [sight, setSight] = useState({ top: 0, height: 800, width: 800 })
  const { lines, rungs } = ladder
  const height = narrow.value ? narrowHeight : rungHeight
  const geometry = useMemo(() => geometryOf(lines, sight.width), [lines, sight.width])
  const chosenAt = rungs.findIndex(({ message }) => message.n === chosen)
  const first = Math.max(0, Math.floor(sight.top / height) - overscan)
  const last = Math.min(rungs.length, Math.ceil((sight.top + sight.height) / height) + overscan)

  useEffect(() => {
    const element = frame.current!
    const observer = new ResizeObserver(() => setSight(sightOf(element)))
    observer.observe(element)
    if (chosenAt >= 0) keepInSight(element, chosenAt * height, height)
    // the keys work at once
    element.querySelector<HTMLElement>('[role=listbox]')?.focus({ preventScroll: true })
    return () => observer.disconnect()
  }, [])

  const moveTo = (index: number) => {
    const bounded = Math.max(0, Math.min(rungs.length - 1, index))
    onChoose(rungs[bounded]!.message)
    keepInSight(frame.current!, bounded * height, height)
  }
  const onKeyDown = (event: KeyboardEvent) => {
    if (rungs.length === 0) return
    const page = Math.max(1, Math.floor(sight.height / height) - 3)
    if (event.key === 'Enter') onOpen()
    else if (event.key === 'ArrowDown') moveTo(chosenAt + 1)
    else if (event.key === 'ArrowUp') moveTo(chosenAt - 1)
    else if (event.key === 'PageDown') moveTo(chosenAt + page)
    else if (event.key === 'PageUp') moveTo(chosenAt - page)
    else if (event.key === 'Home') moveTo(0)
    else if (event.key === 'End') moveTo(rungs.length - 1)
    else return
    event.preventDefault()
  }

  return (
    <div class="ladder" ref={frame} onScroll={(event) => setSight(sightOf(event.currentTarget))}>
      {!narrow.value && <Heads ladder={ladder} geometry={geometry} />}
      <div
        class="ladder-rungs"
        role="listbox"
        aria-label="Messages of the call"
        tabIndex={0}
        aria-activedescendant={chosenAt >= first && chosenAt < last ? `${id}-${chosenAt}` : undefined}
        style={{ height: `${rungs.length * height}px`, minWidth: narrow.value ? undefined : `${geometry.width}px` }}
        onKeyDown={onKeyDown}
      >
        {rungs.slice(first, last).map((rung, i) => (
          <Row
            key={rung.message.n}
            id={`${id}-${first + i}`}
            rung={rung}
            index={first + i}
            count={rungs.length}
            lines={lines}
            geometry={narrow.value ? undefined : geometry}
            isChosen={first + i === chosenAt}
            onClick={() => {
              onChoose(rung.message)
              if (narrow.value) onOpen()
            }}
          />
        ))}
      </div>
    </div>
  )
}

interface RowProps {
  readonly id: string
  readonly rung: RungData
  readonly index: number
  readonly count: number
  readonly lines: readonly Line[]
  /** undefined: in words */
  readonly geometry: Geometry | undefined
  readonly isChosen: boolean
  readonly onClick: () => void
}

/** Drawn again only when something in it is another: not while one scrolls, or moves on elsewhere. */
class Row extends Component<RowProps> {
  override shouldComponentUpdate(next: RowProps): boolean {
    const { rung, index, count, lines, geometry, isChosen } = this.props
    return (
      rung !== next.rung ||
      index !== next.index ||
      count !== next.count ||
      lines !== next.lines ||
      geometry !== next.geometry ||
      isChosen !== next.isChosen
    )
  }

  override render({ id, rung, index, count, lines, geometry, isChosen }: RowProps) {
    const height = geometry === undefined ? narrowHeight : rungHeight
    return (
      // biome-ignore lint/a11y/useKeyWithClickEvents: the list around it has the keys
      <div
        id={id}
        class={`rung flow-${rung.tone}`}
        role="option"
        aria-selected={isChosen}
        aria-posinset={index + 1}
        aria-setsize={count}
        style={{ transform: `translateY(${index * height}px)`, height: `${height}px` }}
        onClick={() => this.props.onClick()}
      >
        {geometry === undefined ? (
          <NarrowRung rung={rung} lines={lines} />
        ) : (
          <Rung rung={rung} lines={lines} geometry={geometry} />
        )}
      </div>
    )
  }
}

function Heads({ ladder: { lines }, geometry }: { ladder: Ladder; geometry: Geometry }) {
  return (
    <div class="ladder-heads" style={{ minWidth: `${geometry.width}px`, paddingLeft: `${geometry.timeWidth}px` }}>
      {geometry.heads.map((head) => (
        <div key={head.left} class="ladder-party" style={{ width: `${head.width}px` }}>
          <Head lines={head.lines.map((place) => lines[place]!)} />
        </div>
      ))}
    </div>
  )
}

/** The heads stay on top and cover what is below them. */
function keepInSight(frame: HTMLElement, top: number, height: number): void {
  const heads = frame.querySelector<HTMLElement>('.ladder-heads')?.offsetHeight ?? 0
  const room = frame.clientHeight - heads
  if (top < frame.scrollTop) frame.scrollTop = top
  else if (top + height > frame.scrollTop + room) frame.scrollTop = top + height - room
}

function sightOf({ scrollTop, clientHeight, clientWidth }: HTMLElement) {
  return { top: scrollTop, height: clientHeight, width: clientWidth }
}
