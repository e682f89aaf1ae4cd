/**
 * Lines or stacked areas over time (uPlot), with a readout that follows the pointer and a table with the same numbers
 * for those who cannot see or do not want a picture. Charts of one page share their cursor.
 */
import { useEffect, useRef, useState } from 'preact/hooks'
import uPlot from 'uplot'
import { dark } from '../state/theme.js'
import { IconButton } from './button.js'
import { clock, minute } from './format.js'

/** names of colours in styles/tokens.css */
export type ChartColor = 'c1' | 'c2' | 'c3' | 'c4' | 'c5' | 'c6' | 'c-bad'

export interface Series {
  readonly name: string
  readonly color: ChartColor
  /** one for each time */
  readonly values: readonly number[]
}

export interface ChartProps {
  /** what it shows, for a screen reader and the table */
  readonly label: string
  /** Unix time in s, growing */
  readonly times: readonly number[]
  readonly series: readonly Series[]
  readonly stacked?: boolean
  /** there are no halves of what is counted */
  readonly whole?: boolean
  /** values before this time (Unix, s) may run out at the top, so that those after them can be read */
  readonly scaledFrom?: number
  /** so many seconds are shown, also where nothing is known yet */
  readonly span: number
  readonly format: (value: number) => string
}

const chartHeight = 168
/** between the lines of the grid: what `format` can write with a digit behind the point, and whole numbers */
const steps = [0.1, 0.2, 0.5, ...Array.from({ length: 9 }, (_, power) => [1, 2, 5].map((d) => d * 10 ** power)).flat()]
const wholeSteps = steps.filter(Number.isInteger)
const tableRows = 12

export function Chart(props: ChartProps) {
  const { label, times, series, format } = props
  const [asTable, setAsTable] = useState(false)
  const [at, setAt] = useState<number | undefined>(undefined)
  const index = at !== undefined && at < times.length ? at : times.length - 1
  return (
    <div class="chart">
      <div class="chart-head">
        <ul class="legend">
          {series.map(({ name, color, values }) => (
            <li key={name}>
              <span class={`legend-mark ${color}`} aria-hidden="true" />
              {name} <b>{values.length === 0 ? '–' : format(values[index]!)}</b>
            </li>
          ))}
          <li class="legend-time">{at === undefined || times.length === 0 ? 'now' : clock(times[index]! * 1000)}</li>
        </ul>
        <IconButton
          icon={asTable ? 'chart' : 'table'}
          label={`${label}: ${asTable ? 'show as chart' : 'show as table'}`}
          pressed={asTable}
          onClick={() => setAsTable(!asTable)}
        />
      </div>
      {asTable ? <ChartTable {...props} /> : <Plot {...props} onPoint={setAt} />}
    </div>
  )
}

function Plot(props: ChartProps & { onPoint: (at: number | undefined) => void }) {
  const { label, times, series, stacked = false } = props
  const place = useRef<HTMLDivElement>(null)
  const plot = useRef<uPlot | undefined>(undefined)
  const names = series.map(({ name, color }) => `${color} ${name}`).join()

  // uPlot fixes its series and colours when it is made
  useEffect(() => {
    const element = place.current!
    plot.current = new uPlot(plotOptions(props, element.clientWidth), plotData(times, series, stacked), element)
    const observer = new ResizeObserver(() =>
      plot.current?.setSize({ width: element.clientWidth, height: chartHeight }),
    )
    observer.observe(element)
    return () => {
      observer.disconnect()
      plot.current?.destroy()
    }
  }, [names, stacked, props.span, props.scaledFrom, dark.value])

  useEffect(() => plot.current?.setData(plotData(times, series, stacked)), [times, series])

  return <div class="plot" ref={place} role="img" aria-label={`${label}, chart; the button before it shows a table`} />
}

/** The same numbers, each the mean of its span. */
function ChartTable({ label, times, series, format }: ChartProps) {
  const step = Math.max(1, Math.ceil(times.length / tableRows))
  const starts = Array.from({ length: Math.ceil(times.length / step) }, (_, i) => i * step).reverse()
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached with the keyboard
    <section class="chart-table" tabIndex={0} aria-label={label}>
      <table class="plain">
        <thead>
          <tr>
            <th scope="col">from</th>
            {series.map(({ name }) => (
              <th key={name} scope="col" class="end">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {starts.map((start) => (
            <tr key={times[start]}>
              <th scope="row">{clock(times[start]! * 1000)}</th>
              {series.map(({ name, values }) => (
                <td key={name} class="end">
                  {format(mean(values, start, start + step))}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}

function mean(values: readonly number[], start: number, end: number): number {
  const part = values.slice(start, end)
  return part.reduce((sum, value) => sum + value, 0) / part.length
}

/** Stacked: each series is drawn on top of those after it, so the first one is the outline of all. */
function plotData(times: readonly number[], series: readonly Series[], stacked: boolean): uPlot.AlignedData {
  const values = series.map((one) => [...one.values])
  if (stacked) {
    for (let s = values.length - 2; s >= 0; s--) {
      for (let i = 0; i < times.length; i++) values[s]![i]! += values[s + 1]![i]!
    }
  }
  return [[...times], ...values]
}

function plotOptions(
  { series, stacked, span, whole, scaledFrom = 0, format, onPoint }: Parameters<typeof Plot>[0],
  width: number,
): uPlot.Options {
  const colors = getComputedStyle(document.documentElement)
  const color = (name: string) => colors.getPropertyValue(`--${name}`).trim()
  const font = `11px ${colors.getPropertyValue('--font').trim()}`
  const axis = { stroke: color('text-3'), font, ticks: { show: false } } satisfies uPlot.Axis
  return {
    width,
    height: chartHeight,
    padding: [8, 12, 0, 0],
    legend: { show: false },
    cursor: {
      sync: { key: 'overview' },
      y: false,
      drag: { x: false, y: false },
      points: { size: 7, width: 2, fill: color('surface') },
    },
    scales: {
      x: { time: true, range: (_, __, end) => [end - span, end] },
      y: { range: (plot) => [0, Math.max(1, highest(plot.data, scaledFrom) * 1.1)] },
    },
    axes: [
      {
        ...axis,
        grid: { show: false },
        size: 24,
        gap: 4,
        space: 70,
        values: ({ scales }, splits) => splits.map((s) => (isAtEdge(s, scales.x!, span) ? '' : minute(s * 1000))),
      },
      {
        ...axis,
        size: 46,
        space: 34,
        incrs: whole ? wholeSteps : steps,
        grid: { stroke: color('grid'), width: 1 },
        values: (_, splits) => splits.map(format),
      },
    ],
    series: [
      {},
      ...series.map(({ name, color: own }) => ({
        label: name,
        stroke: color(own),
        width: stacked ? 1 : 1.6,
        ...(stacked ? { fill: `color-mix(in srgb, ${color(own)} 34%, ${color('surface')})` } : {}),
        points: { show: false },
      })),
    ],
    hooks: {
      setCursor: [(plot) => onPoint(plot.cursor.idx ?? undefined)],
    },
  }
}

/** Of all lines, from that time on; of all there is, while there is nothing yet. */
function highest([times, ...lines]: uPlot.AlignedData, from: number): number {
  const first = times.findIndex((time) => time >= from)
  return Math.max(0, ...lines.flatMap((values) => Array.from(values).slice(Math.max(0, first))).map((one) => one ?? 0))
}

/** A label there would be cut off. */
function isAtEdge(at: number, { min = 0, max = 0 }: uPlot.Scale, span: number): boolean {
  const margin = span * 0.035
  return at - min < margin || max - at < margin
}
