/** Levels of the log: as configured, as set for a while, and as configured again. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type LogComponent, type LogLevel, type Logs, logComponents, silentLog } from '../../../src/base/log.js'
import { LogLevels } from '../../../src/gateway/log-levels.js'
import { FakeTime } from '../trace/fakes.js'

function configured(changes: Partial<Record<LogComponent, LogLevel>> = {}): Record<LogComponent, LogLevel> {
  const all = Object.fromEntries(logComponents.map((component) => [component, 'info']))
  return { ...(all as Record<LogComponent, LogLevel>), ...changes }
}

function scene() {
  const time = new FakeTime()
  const now = configured({ hep: 'warn' })
  const logs: Logs = {
    of: () => silentLog,
    level: (component) => now[component],
    setLevel: (component, level) => {
      now[component] = level
    },
    repeats: 7,
  }
  const over: (readonly LogComponent[])[] = []
  const counts = { changed: 0 }
  const levels = new LogLevels({
    logs,
    configured: { ...now },
    timers: time,
    nowMs: () => time.micros / 1000,
    changed: () => void counts.changed++,
    timeOver: (components) => void over.push(components),
  })
  const set = (level?: LogLevel, component?: LogComponent, forMs?: number) => levels.set({ level, component, forMs })
  const status = (component: LogComponent) => levels.status().components.find((one) => one.component === component)
  return { time, now, levels, set, status, over, counts }
}

test('the status tells every component in the order of the table', () => {
  const { levels } = scene()
  const { components, repeats } = levels.status()
  assert.deepEqual(
    components.map(({ component }) => component),
    logComponents,
  )
  assert.equal(repeats, 7)
  assert.deepEqual(components[4], { component: 'trace', level: 'info', configured: 'info', until: undefined })
})

test('one component is set, and stays so until it is as configured again', () => {
  const { now, set, status, time, counts } = scene()
  set('debug', 'tls')
  assert.deepEqual(now, configured({ hep: 'warn', tls: 'debug' }))
  assert.deepEqual(status('tls'), { component: 'tls', level: 'debug', configured: 'info', until: undefined })
  assert.equal(time.waiting, 0)
  set(undefined, 'tls')
  assert.deepEqual(now, configured({ hep: 'warn' }))
  assert.equal(counts.changed, 2)
})

test('all are set for a while, and are as configured when it is over', () => {
  const { now, set, status, time, over } = scene()
  set('debug', undefined, 600_000)
  assert.deepEqual(new Set(Object.values(now)), new Set(['debug']))
  assert.equal(status('hep')?.until, new Date(time.micros / 1000 + 600_000).toISOString())
  time.pass(599_999)
  assert.equal(now.hep, 'debug')
  time.pass(1)
  assert.deepEqual(now, configured({ hep: 'warn' }))
  assert.equal(status('hep')?.until, undefined)
  assert.deepEqual(over, [logComponents])
})

test('who was set otherwise meanwhile is not touched when the time of the others is over', () => {
  const { now, set, time, over } = scene()
  set('debug', undefined, 1000)
  set('error', 'api')
  set('warn', 'tls', 5000)
  time.pass(1000)
  assert.deepEqual(now, configured({ hep: 'warn', api: 'error', tls: 'warn' }))
  assert.equal(over[0]?.includes('api'), false)
  assert.equal(over[0]?.length, logComponents.length - 2)
  time.pass(4000)
  assert.deepEqual(over[1], ['tls'])
  assert.equal(now.tls, 'info')
})

test('setting the same again and again leaves one timer, and another end', () => {
  const { set, time, now } = scene()
  for (let i = 0; i < 100; i++) set('debug', 'sip', 1000 + i)
  assert.equal(time.waiting, 1)
  time.pass(1098)
  assert.equal(now.sip, 'debug')
  time.pass(1)
  assert.equal(now.sip, 'info')
})

test('another configuration counts at once, but for what was set', () => {
  const { now, set, levels, time } = scene()
  set('debug', 'tls', 1000)
  levels.configure(configured({ tls: 'error', api: 'error' }))
  assert.deepEqual(now, configured({ tls: 'debug', api: 'error' }))
  time.pass(1000)
  assert.equal(now.tls, 'error')
})

test('stopped, it waits for nothing', () => {
  const { set, levels, time, over } = scene()
  set('debug', undefined, 1000)
  set('debug', 'tls', 2000)
  levels.stop()
  assert.equal(time.waiting, 0)
  time.pass(5000)
  assert.deepEqual(over, [])
})
