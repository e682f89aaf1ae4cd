/** What was measured, at one moment: what `/metrics` and OTLP are written from. */
import type { Instrument } from './instruments.js'

/** Counts of a histogram: one more than its instrument has buckets, the last for what is above all of them. */
export interface HistogramValue {
  readonly counts: readonly number[]
  readonly sum: number
  readonly count: number
}

export interface Point<V = number | HistogramValue> {
  /** in the order of the instrument's labels; undefined: the overflow of all that were too many (OTel: otel.metric.overflow) */
  readonly labels: readonly string[] | undefined
  readonly value: V
}

export interface Reading {
  readonly instrument: Instrument
  readonly points: readonly Point[]
}

/** Of an instrument without labels; undefined: there is nothing to tell. */
export function single(instrument: Instrument, value: number | undefined): Reading {
  return { instrument, points: value === undefined ? [] : [{ labels: [], value }] }
}
