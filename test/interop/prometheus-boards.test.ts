/**
 * Prometheus, by the file we ship, scrapes two gateways: one with phones and calls, and one with troubles. Then every
 * query of every board is asked as Grafana would ask it, and gives something to draw; and every alert has what it looks at.
 */
import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { before, describe, test } from 'node:test'
import type { ConnectionOptions } from 'node:tls'
import { type Demo, startDemo } from '../demo/demo.js'
import { lacks, peer } from '../support/peers.js'
import { runProcess } from '../support/process.js'
import { Prometheus } from '../support/prometheus.js'
import { alertRules, boards, filled, type Query, queriesOf, selectorsOf } from '../support/prometheus-queries.js'
import { suiteScope } from '../support/scope.js'
import { sipAnswer, sipRequest } from '../support/sip.js'
import { SipClient } from '../support/sip-client.js'
import { tempDir } from '../support/tmp.js'
import { startTroubledGateway } from '../support/troubled-gateway.js'
import { until } from '../support/wait.js'

/** A call lasts 5 s and more, a stray waits 5 s for its timeout, and a rate wants two scrapes. */
const enoughMs = 60_000

const queries = boards().flatMap(queriesOf)

describe('Prometheus with the demo', { skip: lacks('prometheus', 'promtool') }, () => {
  const suite = suiteScope()
  let prometheus: Prometheus
  let targets: readonly string[]

  before(async () => {
    const demo = await startDemo(suite, { phones: 12, callsPerMinute: 60 })
    const troubled = await startTroubledGateway(suite)
    targets = [demo.url, troubled.apiUrl].map((url) => new URL(url).host)
    prometheus = await Prometheus.start(suite, targets, 'not asked for')
    await until('a first scrape', async () => (await prometheus.now('hepgate_info')).length === targets.length)
    await visit(demo)
  })

  test('every query of every board gives something to draw', { timeout: 2 * enoughMs }, async () => {
    let missing: readonly Query[] = queries
    const nothingIsMissing = async () => {
      missing = await empty(missing)
      return missing.length === 0
    }
    await until('data', nothingIsMissing, enoughMs).catch(({ cause }: Error) => {
      if (cause !== undefined) throw cause // a query that Prometheus refused; else the list below says more
    })
    assert.deepEqual(missing, [])
  })

  test('every alert is evaluated, and the series it looks at are there', async () => {
    const evaluated = async () => (await prometheus.rules()).every(({ health }) => health !== 'unknown')
    await until('every rule to be evaluated', evaluated)
    for (const { name, health, lastError } of await prometheus.rules())
      assert.equal(health, 'ok', `${name}: ${lastError}`)
    for (const { alert, expr } of alertRules()) {
      for (const { text } of selectorsOf(expr)) {
        assert.ok((await prometheus.overTime(text)).length > 0, `${alert}: ${text}`)
      }
    }
  })

  test('the certificate of the demo, with 9 days left, is about to be told of', async () => {
    const soon = (await prometheus.rules()).find(({ name }) => name === 'HepgateCertificateExpiresSoon')
    assert.equal(soon!.state, 'pending')
  })

  async function empty(asked: readonly Query[]): Promise<readonly Query[]> {
    const found: Query[] = []
    for (const query of asked) if (!(await hasData(query))) found.push(query)
    return found
  }

  /** With both gateways chosen, or with either where the board is of one. */
  async function hasData({ expr, instant, multi }: Query): Promise<boolean> {
    for (const instance of multi ? [`(${targets.join('|')})`] : targets) {
      const sent = filled(expr, { instance, rateInterval: '10s', range: '2m' })
      const series = await (instant ? prometheus.now(sent) : prometheus.overTime(sent))
      if (series.length > 0) return true
    }
    return false
  }
})

/** Stats that are a share of all handshakes: a gateway where none failed, or none was resumed, has no series of those. */
const shares = queries.filter(({ name }) => /, (Handshakes that fail|Resumed|TLS 1\.3), A$/.test(name))
const handshakes = 'hepgate_tls_handshakes_total{job="hepgate", instance="a", direction="in"'
const succeeded = `${handshakes}, result="success", tls_protocol_version="1.2", tls_resumed="false"}`

for (const [what, series, share] of [
  ['is 0 where all goes well', [succeeded], [0, 0, 0, 0]],
  [
    'tells how many do where some do',
    [
      succeeded,
      succeeded.replace('"false"', '"true"'),
      succeeded.replace('1.2', '1.3'),
      `${handshakes}, result="failure", error_type="not-tls"}`,
    ],
    [1 / 4, 1 / 4, 1 / 3, 1 / 3],
  ],
  ['is not there where nobody came', [], []],
] as const) {
  test(`a share of the handshakes ${what}`, { skip: lacks('promtool') }, async (t) => {
    assert.deepEqual(
      shares.map(({ name }) => name.split(', ')[1]),
      ['Handshakes that fail', 'Handshakes that fail', 'Resumed', 'TLS 1.3'],
    )
    const file = join(tempDir(t), 'shares.yml')
    writeFileSync(file, JSON.stringify(unitTest(series, share)))
    const { code, stdout, stderr } = await runProcess(peer('promtool'), ['test', 'rules', file])
    assert.equal(code, 0, stdout + stderr)
  })
}

/** For promtool, which reads JSON as YAML: of each series 1 a second. */
function unitTest(series: readonly string[], share: readonly number[]): object {
  const cases = shares.map(({ expr }, i) => ({
    expr: filled(expr, { instance: 'a', rateInterval: '1m', range: '2m' }),
    eval_time: '5m',
    exp_samples: share.length === 0 ? [] : [{ labels: '{}', value: share[i] }],
  }))
  const input = series.map((one) => ({ series: one, values: '0+15x40' }))
  return { tests: [{ interval: '15s', input_series: input, promql_expr_test: cases }] }
}

/** What nobody in the demo does: an operator at work, a client that resumes its session, others that talk nonsense. */
async function visit({ gateway, direct, url }: Demo): Promise<void> {
  const port = Number(direct.split(':')[1])
  const tls = { port, host: '127.0.0.1', servername: 'sip.example.com', rejectUnauthorized: false }
  const post = async (path: string) => {
    const { ok, status } = await fetch(`${url}/api/v1/${path}`, { method: 'POST' })
    assert.ok(ok, `${path}: ${status}`)
  }
  await post('reload')
  await resume(tls)
  const client = await SipClient.connect(tls)
  client.send(sipRequest({ method: 'OPTIONS', uri: `sip:127.0.0.1:${port}` }))
  client.send(sipAnswer(sipRequest()))
  await post('destinations/hep_dest/pause')
  client.send('not SIP at all\r\n\r\n')
  await until('something to be dropped', async () => {
    const { destinations } = await gateway.status()
    return destinations[0]!.dropped.paused! > 0
  })
  await post('destinations/hep_dest/resume')
  const { collector } = await gateway.status()
  const udp = collector!.listen.find((socket) => socket.startsWith('udp:'))!
  const socket = createSocket('udp4')
  socket.send('no HEP', Number(udp.split(':').at(-1)), '127.0.0.1', () => socket.close())
}

/** TLS 1.2, where the session is there as soon as the handshake is over. */
async function resume(tls: ConnectionOptions & { readonly port: number }): Promise<void> {
  const first = await SipClient.connect({ ...tls, maxVersion: 'TLSv1.2' })
  const session = first.socket.getSession()!
  await first.request()
  await first.close()
  const second = await SipClient.connect({ ...tls, maxVersion: 'TLSv1.2', session })
  assert.ok(second.socket.isSessionReused())
  await second.request()
  await second.close()
}
