/** HEP destinations by their id: the members of a failover group have one in common. Pure. */
import type { DestinationStatus } from '../../../../src/base/status.js'

export type Members = readonly [DestinationStatus, ...DestinationStatus[]]

/** Groups and their members in the order they came in. */
export function byId(destinations: readonly DestinationStatus[]): readonly Members[] {
  const groups = new Map<string, [DestinationStatus, ...DestinationStatus[]]>()
  for (const one of destinations) {
    const members = groups.get(one.id)
    if (members === undefined) groups.set(one.id, [one])
    else members.push(one)
  }
  return [...groups.values()]
}
