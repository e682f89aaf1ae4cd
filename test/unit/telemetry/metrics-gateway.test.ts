import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { GatewayStatus } from '../../../src/base/status.js'
import { GatewayMetrics } from '../../../src/telemetry/metrics/gateway-metrics.js'
import { instruments } from '../../../src/telemetry/metrics/instruments.js'
import { prometheusText } from '../../../src/telemetry/metrics/prometheus.js'
import { bareSamples } from '../../support/api-samples.js'
import { parseExposition } from '../../support/exposition.js'
import { FakeGateway } from '../../support/fake-gateway.js'

const full = { ...new FakeGateway().status(), node: 'v20.19.0' }
const nowMs = Date.UTC(2026, 11, 31)

/** `name{label="value"} 1` of every sample, as the parser understood it. */
function samples(status: GatewayStatus, metrics = new GatewayMetrics()): string[] {
  const families = parseExposition(prometheusText(metrics.readings(status, nowMs)))
  return [...families.values()].flatMap(({ samples }) =>
    samples.map(({ name, labels, value }) => {
      const set = Object.entries(labels).map(([label, text]) => `${label}=${text}`)
      return `${name} ${[...set, value].join(' ')}`
    }),
  )
}

test('everything that the gateway counts is told, each once', () => {
  const destination = full.destinations[0]!
  assert.deepEqual(samples({ ...full, destinations: [] }), [
    'hepgate_connections_handshaking 1',
    'hepgate_connections_limit 10000',
    'hepgate_sip_relayed_total 10',
    'hepgate_sip_postponed_total 3',
    'hepgate_sip_lost_total error_type=send-timeout 1',
    'hepgate_sip_keepalives_total 6',
    'hepgate_sip_answered_total sip_response_status_code=200 7',
    'hepgate_sip_answered_total sip_response_status_code=483 1',
    'hepgate_sip_registrations_total sip_response_status_code=200 8',
    'hepgate_sip_registrations_total sip_response_status_code=401 9',
    'hepgate_sip_registrations_total sip_response_status_code=403 1',
    'hepgate_sip_requests_dropped_total reason=flow-gone 1',
    'hepgate_sip_responses_dropped_total reason=not-ours 2',
    'hepgate_sip_datagrams_large_total 3',
    'hepgate_sip_registrations_without_path_total 2',
    'hepgate_sip_datagrams_unused_total listener=udp:10.0.0.4:5060 reason=keepalive 5',
    'hepgate_sip_datagrams_unused_total listener=udp:10.0.0.4:5060 reason=not-sip 1',
    'hepgate_sip_datagrams_unused_total listener=udp:10.0.0.4:5060 reason=not-sent 2',
    'hepgate_upstream_up upstream=sip:10.0.0.5:5060;transport=tcp role=trunk 0',
    'hepgate_upstream_connections upstream=sip:10.0.0.5:5060;transport=tcp role=trunk 0',
    'hepgate_upstream_probes_total upstream=sip:10.0.0.5:5060;transport=tcp role=trunk result=success 2',
    'hepgate_upstream_probes_total upstream=sip:10.0.0.5:5060;transport=tcp role=trunk result=failure 1',
    'hepgate_upstream_probe_duration_seconds upstream=sip:10.0.0.5:5060;transport=tcp role=trunk 0.0025',
    'hepgate_tls_certificate_expiry_seconds domain=default role=server 86400',
    'hepgate_trace_enabled 0',
    'hepgate_trace_connections 3',
    'hepgate_trace_filter_failures_total 1',
    'hepgate_trace_lost_total reason=no-call-id 2',
    'hepgate_trace_lost_total reason=own-error 1',
    'hepgate_trace_keylog_lines_total result=success 40',
    'hepgate_trace_keylog_lines_total result=failure 5',
    'hepgate_collector_packets_total type=sip 6',
    'hepgate_collector_packets_total type=log 3',
    'hepgate_collector_malformed_total reason=datagram 1',
    'hepgate_collector_malformed_total reason=framing 0',
    'hepgate_collector_malformed_total reason=packet 2',
    `hepgate_info version=${full.version} process_runtime_version=v20.19.0 1`,
    'hepgate_reload_ok 0',
    `hepgate_reload_time_seconds ${Date.parse(full.reload!.at) / 1000}`,
    'hepgate_api_tokens_refused_total 4',
  ])
  const one = { ...destination, sentByType: { sip: 7, log: 2 }, dropped: { 'queue-full': 4 } }
  const told = samples({ ...full, destinations: [one] }).filter((line) => line.startsWith('hepgate_hep'))
  assert.deepEqual(told, [
    `hepgate_hep_connected destination=${one.id} address=${one.address} ${Number(one.state === 'connected')}`,
    `hepgate_hep_paused destination=${one.id} ${Number(one.paused)}`,
    `hepgate_hep_queue_packets destination=${one.id} ${one.queuedPackets}`,
    `hepgate_hep_queue_size_bytes destination=${one.id} ${one.queuedBytes}`,
    `hepgate_hep_sent_packets_total destination=${one.id} type=sip 7`,
    `hepgate_hep_sent_packets_total destination=${one.id} type=log 2`,
    `hepgate_hep_sent_io_bytes_total destination=${one.id} ${one.sentBytes}`,
    `hepgate_hep_dropped_total destination=${one.id} reason=queue-full 4`,
    `hepgate_hep_truncated_total destination=${one.id} ${one.truncated}`,
    `hepgate_hep_reconnects_total destination=${one.id} ${one.reconnects}`,
  ])
})

test('what there is none of is not told', () => {
  const told = samples({ ...full, ...bareSamples.status, trace: { ...full.trace, ...bareSamples.status.trace } }).join(
    '\n',
  )
  for (const absent of [
    'answered',
    'registrations',
    'tls_certificate',
    'keylog',
    'collector',
    'reload',
    'tokens_refused',
    'remaining',
  ]) {
    assert.doesNotMatch(told, new RegExp(absent))
  }
})

test('two declarations of one id: each has its own state, what they send is one sum', () => {
  const one = { ...full.destinations[0]!, id: 'homer', sentByType: { sip: 5 }, queuedPackets: 2 }
  const destinations = [
    { ...one, address: 'tcp:10.0.0.2:9060', state: 'waiting' as const },
    { ...one, address: 'tcp:10.0.0.3:9060', state: 'connected' as const },
  ]
  const told = samples({ ...full, destinations })
  assert.ok(told.includes('hepgate_hep_connected destination=homer address=tcp:10.0.0.2:9060 0'))
  assert.ok(told.includes('hepgate_hep_connected destination=homer address=tcp:10.0.0.3:9060 1'))
  assert.ok(told.includes('hepgate_hep_sent_packets_total destination=homer type=sip 10'))
  assert.ok(told.includes('hepgate_hep_queue_packets destination=homer 4'))
})

test('a destination that a reload made anew takes nothing from what was counted', () => {
  const metrics = new GatewayMetrics()
  const sent = (sip: number) =>
    samples({ ...full, destinations: [{ ...full.destinations[0]!, sentByType: { sip } }] }, metrics).find((line) =>
      line.includes('type=sip'),
    )
  assert.match(sent(100)!, / 100$/)
  assert.match(sent(3)!, / 103$/)
})

test('of the certificates of a domain the one that ends first is told, below zero once it has ended', () => {
  const certificate = { subject: '/CN=a', daysLeft: 0, sha256: 'ab' }
  const domains = [
    {
      name: 'both',
      role: 'server' as const,
      certificates: [
        { ...certificate, notAfter: '2027-06-01T00:00:00Z' },
        { ...certificate, notAfter: '2026-12-30T23:00:00Z' },
      ],
    },
    { name: 'none', role: 'client' as const, certificates: [] },
  ]
  const told = samples({ ...full, domains }).filter((line) => line.includes('expiry'))
  assert.deepEqual(told, ['hepgate_tls_certificate_expiry_seconds domain=both role=server -3600'])
})

test('the seconds that tracing goes on are told while they are counted down', () => {
  const metrics = new GatewayMetrics()
  const remaining = (secondsLeft: number | undefined) =>
    metrics
      .readings({ ...full, trace: { ...full.trace, trace_mode: 'on', secondsLeft } }, nowMs)
      .find(({ instrument }) => instrument === instruments.traceRemaining)?.points
  assert.deepEqual(remaining(600), [{ labels: [], value: 600 }])
  assert.equal(remaining(undefined), undefined)
})
