import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import { publishConnection } from '../../../src/base/channels.js'
import type { Cause } from '../../../src/base/errors.js'
import type { ConnectionEventName, ConnectionFacts } from '../../../src/base/facts.js'
import { silentLog } from '../../../src/base/log.js'
import { Observers } from '../../../src/base/observers.js'
import type { GatewayStatus } from '../../../src/base/status.js'
import { History, samplesKept } from '../../../src/live/overview/history.js'
import { until } from '../../support/wait.js'
import { destinationStatus, healthyStatus, liveFacts } from '../../support/watched.js'

const noonS = 1_800_000_000

let history: History | undefined
afterEach(() => history?.stop())

/** A history whose clock and status are those of the test, its ground laid. */
async function begun(status: GatewayStatus = healthyStatus()) {
  const scene = { nowMs: noonS * 1000, status, asked: 0, tick: () => {}, stopped: false }
  history = new History({
    status: async () => {
      scene.asked++
      return scene.status
    },
    log: silentLog,
    observers: new Observers(silentLog),
    nowMs: () => scene.nowMs,
    every: (_ms, run) => {
      scene.tick = run
      return () => {
        scene.stopped = true
      }
    },
  })
  const made = history
  made.start()
  await settled()
  return {
    scene,
    history: made,
    /** one second later */
    async second(changes: Partial<GatewayStatus> = {}) {
      scene.nowMs += 1000
      scene.status = { ...scene.status, ...changes }
      await made.sample()
      return made.since(0).at(-1)!
    },
  }
}

function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

/** And the timers that waited for its end. */
async function holdUp(): Promise<void> {
  const end = performance.now() + 300
  while (performance.now() < end);
  await new Promise((resolve) => setTimeout(resolve, 1))
}

function published(name: ConnectionEventName, cause?: Cause, facts: ConnectionFacts = liveFacts()): void {
  publishConnection({ name, status: cause === undefined ? 'SUCCESS' : 'FAILURE', cause, message: '', facts })
}

test('there is no sample before a second has passed', async () => {
  const { history } = await begun()
  assert.deepEqual(history.list(), [])
  assert.equal(history.latest, 0)
})

test('a sample holds what is now, and what was counted since the one before', async () => {
  const { second } = await begun()
  const sample = await second({
    connections: {
      open: 7,
      limit: 10_000,
      inHandshake: 2,
      acceptedTotal: 12,
      connectedTotal: 6,
      closedTotal: 4,
      failures: {},
    },
    messages: { relayed: 150, postponed: 0, lost: { 'send-timeout': 2, idle: 1 }, pings: 9 },
    destinations: [destinationStatus({ sentPackets: 40, dropped: { 'queue-full': 3, refused: 1 }, queuedPackets: 5 })],
  })
  assert.equal(sample.t, noonS + 1)
  assert.deepEqual([sample.open, sample.in_handshake], [7, 2])
  assert.deepEqual([sample.opened, sample.closed], [3, 1])
  assert.deepEqual([sample.messages, sample.messages_lost], [50, 3])
  assert.deepEqual(sample.hep, { homer: { sent: 40, dropped: 4, queued: 5 } })
})

test('declarations of one destination count together', async () => {
  const { second } = await begun()
  const sample = await second({
    destinations: [
      destinationStatus({ sentPackets: 4, queuedPackets: 1 }),
      destinationStatus({ address: 'tcp:10.0.0.3:9060', sentPackets: 3, queuedPackets: 2 }),
      destinationStatus({ id: 'other', sentPackets: 1 }),
    ],
  })
  assert.deepEqual(sample.hep, { homer: { sent: 7, dropped: 0, queued: 3 }, other: { sent: 1, dropped: 0, queued: 0 } })
})

test('a counter that began anew gives what it counted since, never a negative', async () => {
  const { second } = await begun(healthyStatus({ destinations: [destinationStatus({ sentPackets: 1000 })] }))
  const sample = await second({ destinations: [destinationStatus({ sentPackets: 30 })] })
  assert.equal(sample.hep.homer!.sent, 30)
})

test('handshakes are counted by result and cause, within their second', async () => {
  const { second } = await begun()
  published('ACCEPTED')
  published('ACCEPTED')
  published('CONNECTED')
  published('ACCEPTED', 'not-tls')
  published('ACCEPTED', 'not-tls')
  published('CONNECTED', 'unknown-ca', liveFacts({ direction: 'out', connectMs: 3 }))
  const sample = await second()
  assert.equal(sample.handshakes_ok, 3)
  assert.equal(sample.handshakes_failed, 3)
  assert.deepEqual(sample.failed_by, { 'not-tls': 2, 'unknown-ca': 1 })
  const next = await second()
  assert.deepEqual([next.handshakes_ok, next.handshakes_failed, next.failed_by], [0, 0, {}])
})

test('what is no handshake is not counted as one', async () => {
  const { second } = await begun()
  published('ACCEPTED', undefined, liveFacts({ transport: 'tcp' }))
  published('CONNECT_START')
  published('STATS')
  published('ERROR', 'peer-reset')
  published('CLOSED', 'not-tls')
  const unconnected = liveFacts({ direction: 'out', connectMs: undefined })
  for (const cause of ['connect-refused', 'dns-failed', 'unreachable'] as const) {
    published('CONNECTED', cause, unconnected)
  }
  published('ACCEPTED', 'limit-reached')
  const sample = await second()
  assert.deepEqual([sample.handshakes_ok, sample.handshakes_failed], [0, 0])
})

test('the last hour is kept, oldest first', async () => {
  const { history, second } = await begun()
  for (let i = 0; i < samplesKept + 10; i++) await second()
  const all = history.list()
  assert.equal(all.length, samplesKept)
  assert.equal(all[0]!.t, noonS + 11)
  assert.ok(all.every(({ t }, i) => i === 0 || t === all[i - 1]!.t + 1))
  assert.equal(history.latest, all.at(-1)!.t)
})

test('since gives what is newer, across the seam of the ring', async () => {
  const { history, second } = await begun()
  for (let i = 0; i < samplesKept + 2; i++) await second()
  const times = history.since(noonS + samplesKept - 2).map(({ t }) => t - noonS - samplesKept)
  assert.deepEqual(times, [-1, 0, 1, 2])
  assert.deepEqual(history.since(history.latest), [])
  assert.deepEqual(history.since(0), history.list())
})

test('time grows even when the clock is set back', async () => {
  const { scene, second } = await begun()
  await second()
  scene.nowMs -= 3_600_000
  assert.equal((await second()).t, noonS + 2)
})

test('the start of the gateway is no hold-up of the event loop', async () => {
  const { second } = await begun()
  await holdUp() // measured, if it is, from the first tick on
  await holdUp()
  assert.equal((await second()).loop_ms, 0)
})

test('a hold-up of the event loop is in the sample after it, and in no other', async () => {
  const { second } = await begun()
  const held = await until('a sample with the hold-up', async () => {
    await holdUp() // the first tick after a sample only begins the measurement
    await holdUp()
    const sample = await second()
    return sample.loop_ms >= 250 && sample
  })
  assert.ok((await second()).loop_ms < held.loop_ms)
})

test('a status that cannot be had leaves a gap, is logged once and ends nothing', async () => {
  const errors: string[] = []
  const log = { ...silentLog, error: (_fields: object, message: string) => errors.push(message) }
  let fails = false
  const status = async (): Promise<GatewayStatus> => {
    if (fails) throw new Error('not now')
    return healthyStatus()
  }
  history = new History({ status, log, observers: new Observers(log), every: () => () => {} })
  history.start()
  await settled()
  fails = true
  await history.sample()
  await history.sample()
  fails = false
  await history.sample()
  assert.equal(history.list().length, 1)
  assert.equal(errors.length, 1)
})

test('the timer samples until it is stopped, and then no event is counted any more', async () => {
  const { scene, history } = await begun()
  scene.tick()
  await settled()
  assert.equal(scene.asked, 2)
  history.stop()
  assert.ok(scene.stopped)
  published('ACCEPTED')
  await history.sample()
  assert.equal(history.list().at(-1)!.handshakes_ok, 0)
})
