/** The last hour, or the part of it that was asked for, or that there is yet, in four charts with one cursor. */
import { useMemo, useState } from 'preact/hooks'
import type { Sample } from '../../../../src/base/live.js'
import { history } from '../../state/live.js'
import { Chart, type ChartColor, type Series } from '../../ui/chart.js'
import { Segments } from '../../ui/field.js'
import { rate, shortCount } from '../../ui/format.js'
import { Card } from '../../ui/panel.js'
import {
  bucketed,
  causesOf,
  destinationsOf,
  droppedOf,
  type Span,
  seriesOf,
  settledAt,
  spanNames,
  spanOf,
  spans,
  timesOf,
} from './series.js'

const spanOptions = spanNames.map((value) => ({ value, label: spans[value].label }))
const colors: readonly ChartColor[] = ['c1', 'c2', 'c4', 'c5', 'c3', 'c6']
const causeColors: readonly ChartColor[] = ['c-bad', 'c3', 'c5', 'c4', 'c6']

export function Charts({ startedAt }: { startedAt: string }) {
  const [chosen, setChosen] = useState<Span | undefined>(undefined)
  const [byCause, setByCause] = useState(false)
  const samples = history.value
  const span = chosen ?? spanOf(samples)
  const { seconds, step } = spans[span]
  const groups = useMemo(() => bucketed(samples, seconds, step), [samples, seconds, step])
  const from = settledAt(startedAt)
  const times = useMemo(() => timesOf(groups), [groups])
  return (
    <section class="charts" aria-labelledby="charts">
      <header class="charts-head">
        <h2 id="charts">Over time</h2>
        <Segments label="Time shown" value={span} options={spanOptions} onChange={setChosen} />
      </header>
      <Card
        title="Handshakes"
        note="per second"
        actions={
          <Segments
            label="Failed handshakes"
            value={byCause ? 'cause' : 'result'}
            options={[
              { value: 'result', label: 'Result' },
              { value: 'cause', label: 'Cause' },
            ]}
            onChange={(shown) => setByCause(shown === 'cause')}
          />
        }
      >
        <Chart
          label="Handshakes per second"
          times={times}
          series={handshakes(groups, samples, byCause)}
          stacked
          span={seconds}
          scaledFrom={from}
          format={rate}
        />
      </Card>
      <Card title="SIP messages" note="per second">
        <Chart
          label="SIP messages per second"
          times={times}
          series={[
            seriesOf(groups, 'relayed', 'c2', (s) => s.messages),
            seriesOf(groups, 'lost', 'c-bad', (s) => s.messages_lost),
          ]}
          span={seconds}
          scaledFrom={from}
          format={rate}
        />
      </Card>
      <Card title="Connections" note="open at the time">
        <Chart
          label="Open connections"
          times={times}
          series={[
            seriesOf(groups, 'open', 'c1', (s) => s.open),
            seriesOf(groups, 'in handshake', 'c3', (s) => s.in_handshake),
          ]}
          span={seconds}
          scaledFrom={from}
          whole
          format={shortCount}
        />
      </Card>
      <Card title="HEP" note="packets per second">
        <Chart
          label="HEP packets per second"
          times={times}
          series={hep(groups, samples)}
          span={seconds}
          scaledFrom={from}
          format={rate}
        />
      </Card>
    </section>
  )
}

type Groups = readonly (readonly Sample[])[]

/** Failures on top of what went well, whole or by their causes. */
function handshakes(groups: Groups, samples: readonly Sample[], byCause: boolean): Series[] {
  const ok = seriesOf(groups, 'ok', 'c1', (s) => s.handshakes_ok)
  if (!byCause) return [seriesOf(groups, 'failed', 'c-bad', (s) => s.handshakes_failed), ok]
  const causes = causesOf(samples, causeColors.length)
  return [...causes.map((cause, i) => seriesOf(groups, cause, causeColors[i]!, (s) => s.failed_by[cause] ?? 0)), ok]
}

function hep(groups: Groups, samples: readonly Sample[]): Series[] {
  const sent = destinationsOf(samples).map((id, i) =>
    seriesOf(groups, id, colors[i % colors.length]!, (s) => s.hep[id]?.sent ?? 0),
  )
  return [...sent, seriesOf(groups, 'dropped', 'c-bad', droppedOf)]
}
