/** From samples, one a second, to what a chart draws. Pure. */
import type { Sample } from '../../../../src/base/live.js'
import type { ChartColor, Series } from '../../ui/chart.js'

const settleSeconds = 10

/** How much is shown, and how many seconds each point is the mean of. */
export const spans = {
  '5m': { label: '5 min', seconds: 300, step: 2 },
  '15m': { label: '15 min', seconds: 900, step: 5 },
  '30m': { label: '30 min', seconds: 1800, step: 10 },
  '1h': { label: '1 hour', seconds: 3600, step: 20 },
} as const
export type Span = keyof typeof spans
export const spanNames = Object.keys(spans) as Span[]

/** The shortest that shows all there is: a gateway that was just started has no hour yet. */
export function spanOf(samples: readonly Sample[]): Span {
  const seconds = samples.length === 0 ? 0 : samples.at(-1)!.t - samples[0]!.t
  return spanNames.find((name) => seconds < spans[name].seconds) ?? '1h'
}

/** Unix time in s from when on the height of a line means something: at the start everybody connects at once. */
export function settledAt(startedAt: string): number {
  return Math.ceil(Date.parse(startedAt) / 1000) + settleSeconds
}

/**
 * The last `seconds` of samples in groups of `step` seconds. Groups begin at whole multiples of `step`, so that a group
 * keeps its samples from one second to the next and the line does not shiver.
 */
export function bucketed(samples: readonly Sample[], seconds: number, step: number): Sample[][] {
  const end = samples.at(-1)?.t ?? 0
  const groups: Sample[][] = []
  let group: number | undefined
  for (const sample of samples.slice(-seconds)) {
    if (sample.t <= end - seconds) continue
    const own = Math.floor(sample.t / step)
    if (own !== group) groups.push([])
    group = own
    groups.at(-1)!.push(sample)
  }
  return groups
}

export function timesOf(groups: readonly (readonly Sample[])[]): number[] {
  return groups.map((group) => group[0]!.t)
}

export function meansOf(groups: readonly (readonly Sample[])[], value: (sample: Sample) => number): number[] {
  return groups.map((group) => group.reduce((sum, sample) => sum + value(sample), 0) / group.length)
}

export function seriesOf(
  groups: readonly (readonly Sample[])[],
  name: string,
  color: ChartColor,
  value: (sample: Sample) => number,
): Series {
  return { name, color, values: meansOf(groups, value) }
}

/** The commonest causes of failed handshakes, at most `most`, the commonest first. */
export function causesOf(samples: readonly Sample[], most: number): string[] {
  const totals = new Map<string, number>()
  for (const { failed_by } of samples) {
    for (const [cause, times] of Object.entries(failed_by)) totals.set(cause, (totals.get(cause) ?? 0) + times)
  }
  const sorted = [...totals].sort(([, a], [, b]) => b - a)
  return sorted.slice(0, most).map(([cause]) => cause)
}

export function destinationsOf(samples: readonly Sample[]): string[] {
  return Object.keys(samples.at(-1)?.hep ?? {})
}

export function sentOf({ hep }: Sample): number {
  return Object.values(hep).reduce((sum, { sent }) => sum + sent, 0)
}

export function droppedOf({ hep }: Sample): number {
  return Object.values(hep).reduce((sum, { dropped }) => sum + dropped, 0)
}
