/** The numbers of now, each with its last five minutes. */
import type { ComponentChildren } from 'preact'
import type { Breakdown, Sample } from '../../../../src/base/live.js'
import type { GatewayStatus } from '../../../../src/base/status.js'
import { history } from '../../state/live.js'
import { count, rate } from '../../ui/format.js'
import { Spark } from '../../ui/spark.js'
import { bucketed, droppedOf, meansOf, sentOf, settledAt } from './series.js'

const sparkSeconds = 300
const sparkStep = 5
/** rates of now are over so many seconds: one alone jumps too much to be read */
const nowSeconds = 5

export function Headline({ status, breakdown }: { status: GatewayStatus; breakdown: Breakdown }) {
  const samples = history.value
  const { open, inHandshake } = status.connections
  const from = settledAt(status.startedAt)
  const settled = samples.filter(({ t }) => t >= from)
  const groups = bucketed(settled, sparkSeconds, sparkStep)
  const spark = (value: (sample: Sample) => number) => meansOf(groups, value)
  const now = (value: (sample: Sample) => number) => mean(samples.slice(-nowSeconds), value)
  const failed = now((s) => s.handshakes_failed)
  const lost = now((s) => s.messages_lost)
  const dropped = now(droppedOf)
  return (
    <dl class="headline">
      <Figure name="Live connections" value={count(open)} spark={spark((s) => s.open)}>
        {count(breakdown.traced)} traced
        {inHandshake > 0 && <>, {count(inHandshake)} in handshake</>}
      </Figure>
      <Figure
        name="Handshakes"
        unit="/s"
        value={rate(now((s) => s.handshakes_ok))}
        spark={spark((s) => s.handshakes_ok)}
      >
        <Loss value={failed} word="failed" />
      </Figure>
      <Figure name="SIP messages" unit="/s" value={rate(now((s) => s.messages))} spark={spark((s) => s.messages)}>
        <Loss value={lost} word="lost" />
      </Figure>
      <Figure name="HEP sent" unit="/s" value={rate(now(sentOf))} spark={spark(sentOf)}>
        <Loss value={dropped} word="dropped" />
      </Figure>
    </dl>
  )
}

interface FigureProps {
  readonly name: string
  readonly value: string
  readonly unit?: string
  readonly spark: readonly number[]
  readonly children: ComponentChildren
}

function Figure({ name, value, unit, spark, children }: FigureProps) {
  return (
    <div class="card number">
      <dt>{name}</dt>
      <dd class="number-value">
        {value}
        {unit !== undefined && <small>{unit}</small>}
      </dd>
      <dd class="number-note">{children}</dd>
      <dd class="number-spark">
        <Spark values={spark} />
      </dd>
    </div>
  )
}

/** Something per second that should be nothing. */
function Loss({ value, word }: { value: number; word: string }) {
  return value === 0 ? <>none {word}</> : <b class="loss">{`${rate(value)}/s ${word}`}</b>
}

function mean(samples: readonly Sample[], value: (sample: Sample) => number): number {
  return samples.length === 0 ? 0 : samples.reduce((sum, sample) => sum + value(sample), 0) / samples.length
}
