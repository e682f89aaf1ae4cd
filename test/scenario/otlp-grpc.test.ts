/** The same over gRPC: OTEL_EXPORTER_OTLP_PROTOCOL=grpc, for all three signals. */
import { after, test } from 'node:test'
import { instruments } from '../../src/telemetry/metrics/instruments.js'
import { exportTo, OtlpReceiver } from '../support/otlp-receiver.js'
import { startScene } from '../support/scene.js'
import { until } from '../support/wait.js'

const scope = { after }
const otlp = await OtlpReceiver.grpc(scope)
exportTo(otlp.endpoint, { OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' })
const scene = await startScene(scope)

test('spans, metrics and log records arrive over gRPC', async () => {
  const client = await scene.client()
  const { conn_id } = await scene.event('ACCEPTED', { peer: client.address })
  await otlp.span('its handshake', ({ attributes }) => attributes['hepgate.conn_id'] === conn_id)
  await otlp.log('a line about it', ({ attributes }) => attributes.conn_id === conn_id)
  await until('metrics', () => otlp.metrics.has(instruments.handshakes.name))
})

test('the gateway stops in order', () => scene.gateway.stop())
