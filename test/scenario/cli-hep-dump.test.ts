/** hepgate hep-dump prints what it is sent, and ends as it is told. */
import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { connect } from 'node:net'
import { type TestContext, test } from 'node:test'
import { encodePacket } from '../../src/hep/encode.js'
import { hepPacket } from '../support/embedded-collector.js'
import { mainPath } from '../support/gateway-process.js'
import { runProcess, startProcess, type TestProcess } from '../support/process.js'

const keylog = `CLIENT_RANDOM ${'5e'.repeat(32)} ${'c4'.repeat(48)}`

function packet(callId: string, type = 1, payload = `OPTIONS sip:a SIP/2.0\r\nCall-ID: ${callId}\r\n\r\n`): Buffer {
  return encodePacket(hepPacket({ type, payload: Buffer.from(payload), correlationId: Buffer.from(callId) }))
}

async function startDump(t: TestContext, ...args: string[]): Promise<{ dump: TestProcess; ports: number[] }> {
  const dump = startProcess(t, process.execPath, [mainPath, 'hep-dump', ...args])
  const [line] = await dump.printed(/listening on .*\n/)
  return { dump, ports: [...line.matchAll(/:(\d+)(?=,|\n)/g)].map(([, port]) => Number(port)) }
}

function sendUdp(t: TestContext, port: number, ...packets: Buffer[]): void {
  const socket = createSocket('udp4')
  t.after(() => socket.close())
  for (const bytes of packets) socket.send(bytes, port, '127.0.0.1')
}

test('packets over UDP and TCP are printed; --count ends it', async (t) => {
  const { dump, ports } = await startDump(t, '-l', 'udp:127.0.0.1:0', '-l', 'tcp:127.0.0.1:0', '--count', '3')
  sendUdp(t, ports[0]!, packet('one'))
  await dump.printed(/id one/)
  const socket = connect(ports[1]!, '127.0.0.1')
  t.after(() => socket.destroy())
  socket.on('error', () => {}) // the dump ends first
  socket.write(Buffer.concat([packet('two'), packet('three')]))
  assert.deepEqual(await dump.ended, { code: 0, signal: null })
  assert.match(dump.output, /2026-01-31T12:00:00\.000042Z {2}\S+ {2}\S+ {2}192\.0\.2\.1:50412 → 192\.0\.2\.2:5061/)
  assert.match(dump.output, /id two.*id three/s)
  assert.match(dump.output, /3 packets\n$/)
})

test('--json prints one object per line; key material only with --secrets', async (t) => {
  const event = `ACCEPTED SUCCESS\n{"Event":"ACCEPTED","keylog":["${keylog}"]}`
  for (const secrets of [false, true]) {
    const args = ['-l', 'udp:127.0.0.1:0', '--json', '-n', '1', ...(secrets ? ['--secrets'] : [])]
    const { dump, ports } = await startDump(t, ...args)
    sendUdp(t, ports[0]!, packet('57', 100, event))
    assert.deepEqual(await dump.ended, { code: 0, signal: null })
    const line = dump.output.split('\n').find((text) => text.startsWith('{'))
    const { event: fields, correlation_id } = JSON.parse(line!)
    assert.equal(correlation_id, '57')
    assert.equal(fields.Event, 'ACCEPTED')
    assert.equal(dump.output.includes('c4c4'), secrets)
  }
})

test('what is no HEP is counted, not printed', async (t) => {
  const { dump, ports } = await startDump(t, '-l', 'udp:127.0.0.1:0')
  sendUdp(t, ports[0]!, Buffer.from('\x1b[2J nonsense'), packet('last'))
  await dump.printed(/id last/)
  assert.deepEqual(await dump.stop('SIGINT'), { code: 0, signal: null })
  assert.match(dump.output, /1 packet, and 1 that could not be read\n$/)
  assert.equal(dump.output.includes('\x1b'), false)
})

test('a port that is taken is bad usage, and the answer says what to do', async (t) => {
  const { ports } = await startDump(t, '-l', 'udp:127.0.0.1:0')
  const second = await runProcess(process.execPath, [mainPath, 'hep-dump', '-l', `udp:127.0.0.1:${ports[0]}`])
  assert.equal(second.code, 2)
  assert.match(second.stderr, /port \d+ is taken .*choose another port with --listen/)
})

test('a reader that has seen enough ends it without complaint', async (t) => {
  const script = `"$0" "$1" hep-dump -l udp:127.0.0.1:0 | head -n 1; echo "ended \${PIPESTATUS[0]}"`
  const shell = startProcess(t, 'bash', ['-c', script, process.execPath, mainPath])
  const [, port] = await shell.printed(/listening on udp:127\.0\.0\.1:(\d+)/)
  sendUdp(t, Number(port), packet('a'))
  await shell.printed(/192\.0\.2\.1/)
  sendUdp(t, Number(port), packet('b'))
  await shell.printed(/ended 0/)
  assert.doesNotMatch(shell.output, /EPIPE|Error/)
})
