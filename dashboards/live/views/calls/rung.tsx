/** One message of the ladder: its time, its arrow between two lines, and what it is. An event is a note at its leg. */
import { clockMs, spelled } from '../../ui/format.js'
import { Icon, type IconName } from '../../ui/icon.js'
import { Badge } from '../../ui/status.js'
import { arrowAt, type Geometry, rungHeight } from './geometry.js'
import type { FlowTone, Line, Rung as RungData } from './ladder.js'
import { detailOf, gapText, titleOf } from './look.js'

/** a pause that a person notices */
const longGapMs = 1000
/** labels keep so far from the lines; notes have a border of their own */
const labelMargin = 10
const noteMargin = 4
/** a label with less room leaves away what is least */
const roomyPx = 190
const widePx = 260

const toneIcons: Readonly<Partial<Record<FlowTone, IconName>>> = { failure: 'bad', challenge: 'key', redirect: 'right' }

export function Rung({ rung, lines, geometry }: { rung: RungData; lines: readonly Line[]; geometry: Geometry }) {
  const { x, width } = geometry
  const from = x[rung.from]!
  const to = x[rung.to]!
  const left = Math.min(from, to)
  // a message to itself hangs at its line
  const room = from === to ? 180 : Math.abs(to - from)
  const isEvent = rung.message.kind === 'event'
  const margin = isEvent ? noteMargin : labelMargin
  return (
    <>
      <When rung={rung} />
      <svg class="rung-lines" width={width} height={rungHeight} aria-hidden="true">
        {x.map((at, place) => (
          <line key={at} class={`rung-life-${lines[place]!.kind}`} x1={at} x2={at} y1={0} y2={rungHeight} />
        ))}
        {!isEvent && <Arrow from={from} to={to} rung={rung} />}
      </svg>
      <div
        class={isEvent ? 'rung-note' : 'rung-label'}
        style={{ left: `${left + margin}px`, width: `${room - 2 * margin}px` }}
      >
        <Label rung={rung} room={room} />
      </div>
      <Direction rung={rung} lines={lines} />
    </>
  )
}

export function NarrowRung({ rung, lines }: { rung: RungData; lines: readonly Line[] }) {
  const [from, to] = [nameOf(lines[rung.from]!), nameOf(lines[rung.to]!)]
  return (
    <>
      <When rung={rung} />
      <span class="rung-words">
        <span class="rung-line">
          <Label rung={rung} room={widePx} />
        </span>
        <span class="rung-line muted code">
          <span class="cut">{from}</span>
          <span aria-hidden="true">→</span>
          <span class="sr-only"> to </span>
          <span class="cut">{to}</span>
        </span>
      </span>
    </>
  )
}

function When({ rung: { message, gapMs } }: { rung: RungData }) {
  return (
    <span class="rung-when">
      <span class="muted">{clockMs(message.micros / 1000)}</span>
      {gapMs !== undefined && <span class={gapMs >= longGapMs ? 'rung-pause' : 'muted'}>{gapText(gapMs)}</span>}
    </span>
  )
}

function Arrow({ from, to, rung: { message } }: { from: number; to: number; rung: RungData }) {
  const look = `rung-arrow${message.retransmission ? ' rung-repeated' : ''}${message.agent === undefined ? '' : ' rung-foreign'}`
  if (from === to) {
    return (
      <g class={look}>
        <path d={`M${from} ${arrowAt - 8}h28v10H${from + 7}`} />
        <path class="rung-tip" d={`M${from + 1} ${arrowAt + 2}l8 -4.5v9z`} />
      </g>
    )
  }
  const step = to > from ? 1 : -1
  return (
    <g class={look}>
      <path d={`M${from} ${arrowAt}H${to - 8 * step}`} />
      <path class="rung-tip" d={`M${to - step} ${arrowAt}l${-9 * step} -4.5v9z`} />
    </g>
  )
}

function Label({ rung: { message, tone, hasSdp }, room }: { rung: RungData; room: number }) {
  const isRoomy = room >= roomyPx
  const icon =
    message.kind === 'event' && tone === 'note' ? 'lock' : isRoomy || tone === 'failure' ? toneIcons[tone] : undefined
  return (
    <>
      {icon !== undefined && <Icon name={icon} size={14} />}
      <b class="rung-title">{spelled(titleOf(message))}</b>
      {isRoomy && <span class="rung-detail muted cut">{spelled(detailOf(message))}</span>}
      {hasSdp && isRoomy && (
        <span class="rung-mark" title="with a session description">
          SDP
        </span>
      )}
      {message.retransmission && (
        <span class="rung-mark tone-warning" title="the same bytes went the same way before">
          <Icon name="refresh" size={12} />
          <span class={room >= widePx ? undefined : 'sr-only'}>repeated</span>
        </span>
      )}
      {message.agent !== undefined && (
        <Badge tone="info" icon={false} title="seen by another capture agent">
          {spelled(message.agent)}
        </Badge>
      )}
    </>
  )
}

/** What the arrow shows, for those who hear it. */
function Direction({ rung, lines }: { rung: RungData; lines: readonly Line[] }) {
  return <span class="sr-only">{` from ${nameOf(lines[rung.from]!)} to ${nameOf(lines[rung.to]!)}`}</span>
}

function nameOf(line: Line): string {
  return line.kind === 'party' ? spelled(line.leg?.users[0] ?? line.address) : `hepgate ${line.side}`
}
