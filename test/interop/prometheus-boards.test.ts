/**
 * Prometheus, by the file we ship, scrapes a gateway with phones, calls and troubles. Then every query of every board is
 * asked as Grafana would ask it, and gives something to draw; and every alert has what it looks at.
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
import { until } from '../support/wait.js'

/** A call lasts 5 s and more, a stray waits 5 s for its timeout, and a rate wants two scrapes. */
const enoughMs = 60_000

/** What does not happen in the demo: asked of promtool instead, with data made up. */
interface Rare {
  readonly why: string
  readonly queries: readonly string[]
  /** grows by 1 a second */
  readonly series: string
  /** labels that the answer has, besides those that are the same everywhere */
  readonly labels: string
}

const rare: readonly Rare[] = [
  {
    why: 'no message is lost while peers and servers are well',
    queries: [
      'edge-overview, SIP messages lost, A',
      'edge-overview, Lost, dropped, waiting, A',
      'one-gateway, Relayed, postponed, lost, C',
    ],
    series: 'hepgate_sip_lost_total{error_type="send-timeout"',
    labels: 'error_type="send-timeout"',
  },
  {
    why: 'every ACK of the demo has somewhere to go',
    queries: ['edge-overview, Lost, dropped, waiting, B', 'one-gateway, Our own answers and what was dropped, B'],
    series: 'hepgate_sip_requests_dropped_total{reason="no-route"',
    labels: 'reason="no-route"',
  },
  {
    why: 'the trunk of the demo is there for the first minute',
    queries: ['edge-overview, Why connections never were, B'],
    series: 'hepgate_connects_total{result="failure", error_type="connect-refused"',
    labels: 'error_type="connect-refused"',
  },
  {
    why: 'handshakes with the trunk of the demo succeed',
    queries: ['tls-health, Handshakes of ours that failed, by cause, A'],
    series: 'hepgate_tls_handshakes_total{direction="out", result="failure", error_type="cert-expired"',
    labels: 'error_type="cert-expired"',
  },
  {
    why: 'the demo has no UDP socket',
    queries: ['one-gateway, UDP, B'],
    series: 'hepgate_sip_datagrams_unused_total{reason="not-sip"',
    labels: 'reason="not-sip"',
  },
  {
    why: 'the demo writes no key-log file',
    queries: ['tracing-pipeline, Key-log lines, A'],
    series: 'hepgate_trace_keylog_lines_total{result="success"',
    labels: 'result="success"',
  },
]
const queries = boards().flatMap(queriesOf)
const rareNames = rare.flatMap(({ queries }) => queries)

describe('Prometheus with the demo', { skip: lacks('prometheus', 'promtool') }, () => {
  const suite = suiteScope()
  let prometheus: Prometheus
  let target: string

  before(async () => {
    const demo = await startDemo(suite, { phones: 12, callsPerMinute: 60 })
    target = new URL(demo.url).host
    prometheus = await Prometheus.start(suite, target, 'not asked for by the demo')
    await until('a first scrape', async () => (await prometheus.now('hepgate_info')).length > 0)
    await visit(demo)
  })

  test('every query of every board gives something to draw', { timeout: 2 * enoughMs }, async () => {
    let missing: readonly Query[] = queries.filter(({ name }) => !rareNames.includes(name))
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
      for (const { text, metric } of selectorsOf(expr)) {
        if (metric === 'hepgate_sip_lost_total') continue // none is lost
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
    for (const query of asked) {
      const expr = filled(query.expr, { instance: target, rateInterval: '10s', range: '2m' })
      const series = await (query.instant ? prometheus.now(expr) : prometheus.overTime(expr))
      if (series.length === 0) found.push(query)
    }
    return found
  }
})

for (const { why, queries: asked, series, labels } of rare) {
  test(`${asked.join('; ')} would draw what there seldom is: ${why}`, { skip: lacks('promtool') }, async (t) => {
    const known = new Map(queries.map(({ name, expr }) => [name, expr]))
    const exprs = asked.map((name) => {
      const expr = known.get(name)
      assert.ok(expr !== undefined, `no board has ${name}`)
      return expr
    })
    const file = join(tempDir(t), 'rare.yml')
    writeFileSync(file, JSON.stringify(unitTest(exprs, series, labels)))
    const { code, stdout, stderr } = await runProcess(peer('promtool'), ['test', 'rules', file])
    assert.equal(code, 0, stdout + stderr)
  })
}

/** For promtool: of two series the same counter on two gateways, 1 a second each, so that it is seen that they are added. */
function unitTest(exprs: readonly string[], series: string, labels: string): object {
  const gateways = ['a', 'b'].map((instance) => ({
    series: `${series}, job="hepgate", instance="${instance}"}`,
    values: '0+15x40',
  }))
  // rounded, because versions of Prometheus differ in the last digit
  const cases = exprs.map((expr) => ({
    expr: `round(${filled(expr, { instance: 'a|b', rateInterval: '1m', range: '2m' })})`,
    eval_time: '5m',
    exp_samples: [expr.includes('$__range') ? { labels: '{}', value: 240 } : { labels: `{${labels}}`, value: 2 }],
  }))
  return { tests: [{ interval: '15s', input_series: gateways, promql_expr_test: cases }] }
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
