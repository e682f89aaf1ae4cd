/** sngrep listening for HEP: the SIP it writes to its capture file is the SIP that was sent, with the real addresses. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { startGatewayProcess } from '../support/gateway-process.js'
import { lacks, peer } from '../support/peers.js'
import { freePort } from '../support/ports.js'
import { startProcess } from '../support/process.js'
import { SipClient } from '../support/sip-client.js'
import { tempDir } from '../support/tmp.js'
import { until } from '../support/wait.js'

test('sngrep shows the SIP of a TLS connection', { skip: lacks('sngrep') }, async (t) => {
  const capture = join(tempDir(t), 'sngrep.pcap')
  const hepPort = await freePort()
  const sngrep = startProcess(t, peer('sngrep'), ['-N', '-F', '-O', capture, '-L', `udp:127.0.0.1:${hepPort}`])
  await sngrep.printed(/Dialog count: 0/)
  const gateway = await startGatewayProcess(t, {
    relay: { mode: 'tunnel' },
    proto_tls: { trace_destination: 'sngrep', trace_on: 1 },
    proto_hep: { hep_id: [`[sngrep]127.0.0.1:${hepPort};transport=udp;version=3;types=1`] },
  })

  const client = await SipClient.connect({ port: gateway.port })
  const { request, answer } = await client.request()
  await sngrep.printed(/Dialog count: 1/)
  await client.close()
  await gateway.stop()
  await until('both packets in the capture file', () => udpPackets(readFileSync(capture)).length >= 2)
  await sngrep.stop()

  const own = `127.0.0.1:${gateway.port}`
  assert.deepEqual(udpPackets(readFileSync(capture)), [
    { from: client.address, to: own, payload: request },
    { from: own, to: client.address, payload: answer },
  ])
})

/** sngrep writes classic pcap: Ethernet, IPv4 without options, UDP, whatever the HEP packet said. */
function udpPackets(pcap: Buffer): { from: string; to: string; payload: Buffer }[] {
  const packets = []
  for (let at = 24; at + 16 <= pcap.length; ) {
    const length = pcap.readUInt32LE(at + 8)
    const ip = pcap.subarray(at + 16 + 14, at + 16 + length)
    packets.push({
      from: `${ip.subarray(12, 16).join('.')}:${ip.readUInt16BE(20)}`,
      to: `${ip.subarray(16, 20).join('.')}:${ip.readUInt16BE(22)}`,
      payload: Buffer.from(ip.subarray(28)),
    })
    at += 16 + length
  }
  return packets
}
