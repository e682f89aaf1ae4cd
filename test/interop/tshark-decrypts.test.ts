/** Wireshark's tshark reads a capture of the TLS port with our key-log lines: it sees the SIP that was sent. */
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { CaptureProxy } from '../support/capture-proxy.js'
import { startGatewayProcess } from '../support/gateway-process.js'
import { HepCollector } from '../support/hep-collector.js'
import { lacks, peer } from '../support/peers.js'
import { runProcess } from '../support/process.js'
import { SipClient } from '../support/sip-client.js'
import { tempDir } from '../support/tmp.js'
import { until } from '../support/wait.js'

describe('tshark', { skip: lacks('tshark') }, () => {
  for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
    test(`decrypts a ${version} connection with the key-log file, and with the HEP event`, async (t) => {
      const dir = tempDir(t)
      const keylogFile = join(dir, 'keys.log')
      const collector = await HepCollector.start(t)
      const gateway = await startGatewayProcess(t, {
        relay: { mode: 'tunnel' },
        proto_tls: { trace_destination: 'hep', trace_on: 1 },
        proto_hep: { hep_id: [collector.destination('hep', 'tcp')] },
        trace: { keylog_file: keylogFile },
      })
      const proxy = await CaptureProxy.start(t, gateway.port)
      const client = await SipClient.connect({ port: proxy.port, minVersion: version, maxVersion: version })
      const first = await client.request({ method: 'REGISTER' })
      const second = await client.request({ method: 'MESSAGE', body: 'x'.repeat(3000) })
      await client.close()
      const event = await collector.event('ACCEPTED')
      await collector.event('CLOSED')
      await until('the key-log file', () => readFileSync(keylogFile, 'latin1').endsWith('\n'))
      await gateway.stop()

      const capture = join(dir, 'capture.pcap')
      proxy.writePcap(capture)
      const fromEvent = join(dir, 'event.log')
      writeFileSync(fromEvent, `${(event.keylog as string[]).join('\n')}\n`)
      const sent = { client: [first.request, second.request], server: [first.answer, second.answer] }
      const expected = { client: Buffer.concat(sent.client), server: Buffer.concat(sent.server) }
      assert.deepEqual(await decrypt(capture, gateway.port, keylogFile), expected)
      assert.deepEqual(await decrypt(capture, gateway.port, fromEvent), expected)

      const stranger = join(dir, 'nothing.log')
      writeFileSync(stranger, '')
      const dark = await decrypt(capture, gateway.port, stranger)
      assert.equal(dark.client.length + dark.server.length, 0, 'without keys nothing is seen')
    })
  }
})

/** What each side of the only connection of a capture said inside TLS. */
async function decrypt(capture: string, port: number, keys: string): Promise<{ client: Buffer; server: Buffer }> {
  const run = await runProcess(peer('tshark'), [
    '-q',
    '-r',
    capture,
    '-d',
    `tcp.port==${port},tls`,
    '-o',
    `tls.keylog_file:${keys}`,
    '-z',
    'follow,tls,raw,0',
  ])
  assert.equal(run.code, 0, run.stderr)
  // `Node 0: 127.0.0.1:50123` is whoever tshark saw speak first inside TLS. Then lines of hex; those of node 1 are indented.
  const serverFirst = new RegExp(`^Node 0: .*:${port}$`, 'm').test(run.stdout)
  const lines = run.stdout.split('\n').filter((line) => /^\t?[0-9a-f]+$/.test(line))
  const side = (indented: boolean) =>
    Buffer.from(
      lines
        .filter((line) => line.startsWith('\t') === indented)
        .map((line) => line.trim())
        .join(''),
      'hex',
    )
  return { client: side(serverFirst), server: side(!serverFirst) }
}
