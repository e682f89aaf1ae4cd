/**
 * CPU of the gateway process for the event stream, per second of it: 5,000 connections of which 2,000 carry a message
 * each second, watched by ten viewers that ask for the same, or each for something else. `node build/test/bench/feed.js
 * [connections] [seconds]`. Viewers here encode what they get and forget it; sockets are not in it.
 */

import type { WatchRequest } from '../../src/base/live.js'
import { silentLog } from '../../src/base/log.js'
import { Observers } from '../../src/base/observers.js'
import { breakdownOf } from '../../src/live/overview/breakdown.js'
import { History } from '../../src/live/overview/history.js'
import { healthyStatus, liveFacts, quietSample } from '../support/watched.js'
import { callRow, WatchScene } from '../support/watching.js'

const connections = Number(process.argv[2] ?? 5000)
const seconds = Number(process.argv[3] ?? 30)
const messagesPerSecond = 2000
const viewers = 10
const historyS = 3600

console.log(`${connections} connections, ${messagesPerSecond} messages/s, ${viewers} viewers, ${seconds} seconds each`)
await watched('nobody watches', 0, () => ({}))
await watched('the same question', viewers, () => ({}))
await watched('ten questions', viewers, (i) => ({ search: `${i}.example.com` }))
await samples()
await breakdown()

async function watched(what: string, count: number, filter: (i: number) => WatchRequest['connections']): Promise<void> {
  const scene = new WatchScene()
  scene.live = Array.from({ length: connections }, (_, i) => liveFacts({ sni: `${i % viewers}.example.com` }))
  scene.calls = Array.from({ length: 1000 }, (_, i) => callRow(`call-${i}`))
  scene.samples = Array.from({ length: historyS }, (_, t) => quietSample(t + 1))
  let bytes = 0
  const viewer = {
    send: (text: string) => {
      bytes += Buffer.from(text).length
      return true
    },
    end() {},
  }
  for (let i = 0; i < count; i++) {
    const topics = ['overview', 'connections', 'calls', 'trace'] as const
    await scene.feed.watch({ topics, connections: filter(i), calls: {}, limit: 5000 }, viewer)
  }
  const begun = process.cpuUsage()
  await scene.served()
  const welcome = cpuMs(begun)
  const welcomeBytes = bytes
  bytes = 0
  let spent = 0
  for (let second = 0; second < seconds; second++) {
    traffic(scene, second)
    const before = process.cpuUsage()
    await scene.tick()
    spent += cpuMs(before)
  }
  scene.feed.stop()
  const snapshots = count === 0 ? '' : `; snapshots ${welcome.toFixed(0)} ms, ${megabytes(welcomeBytes)} MB in all`
  console.log(
    `${what.padEnd(20)}${(spent / seconds).toFixed(2).padStart(7)} ms CPU/s, ${megabytes(bytes / seconds)} MB/s${snapshots}`,
  )
}

/** One second of it. */
function traffic(scene: WatchScene, second: number): void {
  for (let i = 0; i < messagesPerSecond; i++) {
    const facts = scene.live[(second * 37 + i * 7) % scene.live.length]!
    facts.bytesIn += 600
    facts.messagesIn++
  }
  scene.samples.push(quietSample(historyS + 1 + second))
  scene.calls = scene.calls.map((call, i) => (i % 10 === second % 10 ? { ...call, messages: second } : call))
  scene.callsVersion++
  if (second % 2 === 0) scene.overview = { ...scene.overview, at: String(second) }
}

async function samples(): Promise<void> {
  const status = healthyStatus()
  const history = new History({
    status: async () => status,
    log: silentLog,
    observers: new Observers(silentLog),
    every: () => () => {},
  })
  const before = process.cpuUsage()
  for (let i = 0; i < historyS; i++) await history.sample()
  console.log(`a sample            ${(cpuMs(before) / historyS).toFixed(4).padStart(7)} ms CPU`)
  history.stop()
}

async function breakdown(): Promise<void> {
  const live = Array.from({ length: connections }, () => liveFacts())
  const before = process.cpuUsage()
  for (let i = 0; i < seconds; i++) await breakdownOf(live, () => false)
  console.log(`a breakdown         ${(cpuMs(before) / seconds).toFixed(2).padStart(7)} ms CPU, at most every 2 s`)
}

function cpuMs(since: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(since)
  return (user + system) / 1000
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(2)
}
