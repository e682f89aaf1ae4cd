/** A list that moves every second is hard to click into: held, its rows stay where they are while their counters go on. */
import { useRef } from 'preact/hooks'
import type { ConnectionRow } from '../../../../src/base/live.js'

/** `latest`: the row as it is now; undefined when it is no longer among them. */
export function useHeld(
  held: boolean,
  rows: readonly ConnectionRow[],
  latest: (id: string) => ConnectionRow | undefined,
): readonly ConnectionRow[] {
  const kept = useRef(rows)
  kept.current = held ? kept.current.map((row) => latest(row.conn_id) ?? row) : rows
  return kept.current
}
