/** The logs of all components: what a line is, who is heard at which level, what the channel is given. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { channels } from '../../../../src/base/channels.js'
import { type LogComponent, type LogLevel, logComponents } from '../../../../src/base/log.js'
import { ComponentLogs } from '../../../../src/cli/log/component-logs.js'
import { Repeats } from '../../../../src/cli/log/repeats.js'
import { FakeTime } from '../../trace/fakes.js'

function scene(levels: Partial<Record<LogComponent, LogLevel>> = {}) {
  const lines: string[] = []
  const time = new FakeTime()
  const all = Object.fromEntries(logComponents.map((component) => [component, levels[component] ?? 'info']))
  const logs = new ComponentLogs(
    all as Record<LogComponent, LogLevel>,
    (json) => void lines.push(json),
    new Repeats(() => time.micros / 1000, time),
  )
  const written = () => lines.map((json) => JSON.parse(json) as Record<string, unknown>)
  return { logs, lines, written, time }
}

function published(t: TestContext): string[] {
  const seen: string[] = []
  const see = (json: unknown): void => void seen.push(json as string)
  channels.log.subscribe(see)
  t.after(() => channels.log.unsubscribe(see))
  return seen
}

test('a line is one JSON object: level, time, component, fields, message', () => {
  const { logs, written } = scene()
  logs.of('tls').warn({ conn_id: '57' }, 'something')
  const [{ time, ...line }] = written() as [Record<string, unknown>]
  assert.deepEqual(line, { level: 'warn', component: 'tls', conn_id: '57', msg: 'something' })
  assert.ok(Math.abs(Date.parse(String(time)) - Date.now()) < 60_000)
})

test('each component is heard at its own level, which can change', () => {
  const { logs, written } = scene({ tls: 'debug', hep: 'error' })
  for (const component of ['tls', 'hep', 'api'] as const) {
    const log = logs.of(component)
    log.debug({}, 'd')
    log.info({}, 'i')
    log.warn({}, 'w')
    log.error({}, 'e')
  }
  const heard = () => written().map(({ component, msg }) => `${component} ${msg}`)
  assert.deepEqual(heard(), ['tls d', 'tls i', 'tls w', 'tls e', 'hep e', 'api i', 'api w', 'api e'])

  const tls = logs.of('tls')
  logs.setLevel('tls', 'error')
  assert.equal(logs.level('tls'), 'error')
  assert.equal(logs.level('hep'), 'error')
  assert.equal(logs.of('tls'), tls, 'the same one, whatever its level becomes')
  tls.warn({}, 'not heard')
  assert.equal(written().length, 8)
})

test('what repeats is summed up in one line of its component and level', () => {
  const { logs, written, time } = scene()
  for (let i = 0; i < 14; i++) logs.of('tls').info({ peer: `203.0.113.${i}:1` }, 'a connection was not accepted')
  assert.equal(written().length, 10)
  assert.equal(logs.repeats, 4)
  time.pass(10_000)
  const { time: _at, ...last } = written()[10]!
  assert.deepEqual(last, { level: 'info', component: 'tls', repeated: 4, msg: 'a connection was not accepted' })
})

test('debug is never held back, and what is not written is not counted', () => {
  const { logs, lines } = scene({ sip: 'debug' })
  for (let i = 0; i < 100; i++) logs.of('sip').debug({}, 'message received')
  assert.equal(lines.length, 100)
  logs.setLevel('sip', 'error')
  for (let i = 0; i < 100; i++) logs.of('sip').info({}, 'not heard')
  assert.equal(logs.repeats, 0)
})

test('an end of the process sums up', () => {
  const { logs, written } = scene()
  for (let i = 0; i < 12; i++) logs.of('hep').warn({}, 'no')
  logs.sumUp()
  assert.equal(written().at(-1)?.repeated, 2)
})

test('what was held back is told before the level rises above it', () => {
  const { logs, written } = scene()
  for (let i = 0; i < 12; i++) logs.of('tls').info({}, 'no')
  logs.setLevel('tls', 'error')
  assert.equal(written().at(-1)?.repeated, 2)
})

test('the channel is given every line that is written, as it is written, but for those about telemetry', (t) => {
  const seen = published(t)
  const { logs, lines } = scene()
  logs.of('gateway').info({}, 'one')
  logs.of('gateway').debug({}, 'not written')
  logs.of('telemetry').error({}, 'the collector is down')
  logs.of('api').warn({ by: 'local' }, 'two')
  assert.equal(lines.length, 3)
  assert.deepEqual(seen, [lines[0], lines[2]])
  assert.ok(seen.every((json) => !json.endsWith('\n')))
})

test('no bytes of a peer end a line, begin another or steer a terminal, and all of them are still there', () => {
  const { logs, lines, written } = scene()
  const evil = '\r\n{"level":"error","msg":"forged"}\n\x1b[2J\x9b2J\x00\x7f\x85\u2028\u2029\u202e\ud800"\\'
  logs.of('tls').info({ sni: evil, list: [evil], deep: { evil } }, `message ${evil}`)
  logs.of('tls').error({ err: new Error(evil) }, 'failed')
  assert.equal(lines.length, 2)
  for (const line of lines) assert.doesNotMatch(line, /[\x00-\x1f\x7f-\x9f\u2028\u2029\u202e\ud800]/)
  const [{ sni, list, deep, msg }] = written() as [Record<string, unknown>]
  assert.deepEqual([sni, list, deep, msg], [evil, [evil], { evil }, `message ${evil}`])
})

test('a sentence is no format', () => {
  const { logs, written } = scene()
  logs.of('trace').info({ a: 1 }, '100 %s %d %j of it')
  assert.equal(written()[0]?.msg, '100 %s %d %j of it')
})
