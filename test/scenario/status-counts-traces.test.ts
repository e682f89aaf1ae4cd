/** `GET /api/v1/status` of a running gateway: what became of traces on their way, from the gate to the embedded collector. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { startGatewayProcess } from '../support/gateway-process.js'
import { freePort } from '../support/ports.js'
import { SipClient } from '../support/sip-client.js'
import { tempDir } from '../support/tmp.js'
import { until } from '../support/wait.js'

test('key-log lines, messages without a Call-ID, and what the collector received', async (t) => {
  const port = await freePort()
  const gateway = await startGatewayProcess(t, {
    relay: { mode: 'tunnel' },
    proto_tls: { trace_on: 1, trace_destination: 'own' },
    proto_hep: { hep_id: `[own]127.0.0.1:${port};transport=tcp` },
    collector: { listen: `tcp:127.0.0.1:${port}` },
    trace: { keylog_file: join(tempDir(t), 'keys.log') },
  })
  const client = await SipClient.connect({ port: gateway.port })
  await client.request()
  client.send('OPTIONS sip:a@b SIP/2.0\r\nContent-Length: 0\r\n\r\n')
  await client.next()

  const { trace, collector } = await until('two messages at the collector, and the keys on disk', async () => {
    const status = await gateway.status()
    return status.collector?.packetsByType.sip === 2 && status.trace.keylogFile!.written > 0 && status
  })
  assert.equal(trace.trace_mode, 'on')
  assert.equal(trace.messagesWithoutCallId, 2, 'the request, and the answer of the built-in responder')
  assert.equal(trace.tracesLost, 0)
  assert.equal(trace.keylogFile!.lost, 0)
  assert.deepEqual(collector!.listen, [`tcp:127.0.0.1:${port}`])
  assert.ok(collector!.packetsByType.log! > 0)
  assert.deepEqual(collector!.malformedBy, { datagram: 0, framing: 0, packet: 0 })
  assert.equal(collector!.connections, 1)
  await gateway.stop()
})
