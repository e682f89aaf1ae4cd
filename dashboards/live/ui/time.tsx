/** Times: how long ago, and exactly when on hover. They count on by themselves. */
import { now } from '../state/clock.js'
import { countdown, duration, exact, relative } from './format.js'

/** 3 min ago */
export function Time({ at }: { at: string }) {
  const ms = Date.parse(at)
  return (
    <time dateTime={at} title={exact(ms)}>
      {relative(ms, now.value)}
    </time>
  )
}

/** 3 min 20 s, growing */
export function Elapsed({ since }: { since: string }) {
  const ms = Date.parse(since)
  return (
    <time dateTime={since} title={`since ${exact(ms)}`}>
      {elapsed(now.value - ms)}
    </time>
  )
}

/** Whole seconds: it changes once in one. */
function elapsed(ms: number): string {
  return ms < 1000 ? '0 s' : duration(Math.floor(ms / 1000) * 1000)
}

/** 9:41, going down */
export function Countdown({ until }: { until: string }) {
  const ms = Date.parse(until)
  return (
    <time class="countdown" dateTime={until} title={`until ${exact(ms)}`}>
      {countdown(ms - now.value)}
    </time>
  )
}
