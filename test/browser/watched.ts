/** Streams of a fake gateway: each viewer gets the part of a picture it asked for, and each second what changed. */
import { setInterval } from 'node:timers'
import type { Delta, Snapshot, Topic } from '../../src/base/live.js'
import { eventId, eventText } from '../../src/live/feed/sse.js'
import type { FakeGateway } from '../support/fake-gateway.js'

export interface Picture {
  snapshot(gateway: FakeGateway): Snapshot
  /** asked once a second for all viewers; `n` counts up */
  delta(gateway: FakeGateway, n: number): Delta
}

const tickMs = 1000

/** Ends with the watch of the last viewer. */
export function watched(gateway: FakeGateway, picture: Picture = quiet): FakeGateway {
  gateway.onWatch = (watch) => {
    const { viewer, request } = watch
    const say = (event: 'snapshot' | 'delta', n: number, said: Snapshot | Delta): void => {
      viewer.send(eventText(event, eventId('fake', n), JSON.stringify(part(said, request.topics))))
    }
    let n = 1
    say('snapshot', n, picture.snapshot(gateway))
    const timer = setInterval(() => {
      if (watch.stopped) clearInterval(timer)
      else say('delta', ++n, picture.delta(gateway, n))
    }, tickMs)
  }
  return gateway
}

/** A gateway where nothing happens. */
const quiet: Picture = {
  snapshot: (gateway) => ({
    at: new Date().toISOString(),
    overview: { ...gateway.overview(), history: [] },
    connections: { rows: [], total: 0 },
    calls: { rows: [], total: 0 },
  }),
  delta: (gateway) => ({ at: new Date().toISOString(), overview: gateway.overview() }),
}

function part<T extends Snapshot | Delta>(said: T, topics: readonly Topic[]): Partial<T> {
  const kept = Object.entries(said).filter(([name]) => {
    if (name === 'samples') return topics.includes('overview')
    return name === 'at' || (topics as readonly string[]).includes(name)
  })
  return Object.fromEntries(kept) as Partial<T>
}
