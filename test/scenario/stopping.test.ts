import assert from 'node:assert/strict'
import { createServer } from 'node:net'
import { type TestContext, test } from 'node:test'
import { writeText } from '../support/certificates.js'
import { mainPath } from '../support/gateway-process.js'
import { listening, tcpConnect } from '../support/listening.js'
import { freePort } from '../support/ports.js'
import { runProcess } from '../support/process.js'
import { patienceMs, startScene } from '../support/scene.js'
import { sipAnswer, sipRequest } from '../support/sip.js'
import type { SipClient } from '../support/sip-client.js'
import { tempDir } from '../support/tmp.js'
import { until, within } from '../support/wait.js'

/** Keeps a connection from falling silent. Returns the end of it. */
function chatter(t: TestContext, client: SipClient): () => void {
  const timer = setInterval(() => client.send('\r\n\r\n'), 100)
  const stop = (): void => clearInterval(timer)
  t.after(stop)
  return stop
}

test('SIGTERM closes the door, lets what is under way come to its end, and exits with 0', async (t) => {
  const scene = await startScene(t, { limits: { drain_timeout: 20_000 } })
  const { gateway, server } = scene
  const idle = await scene.client()
  const busy = await scene.client()
  const [idlePeer, busyPeer] = [idle.address, busy.address]
  await idle.request()
  server.answer = undefined
  const request = sipRequest()
  busy.send(request)
  await until('the request', () => server.requests.length === 2)
  const quiet = chatter(t, busy)

  gateway.process.signal('SIGTERM')
  await scene.status('draining', ({ state }) => state === 'draining')
  await assert.rejects(tcpConnect(t, scene.port), { code: 'ECONNREFUSED' })
  assert.equal((await fetch(`${gateway.apiUrl}/readyz`)).status, 503)
  await within('the idle client to be let go', idle.closed, patienceMs)
  assert.equal(busy.socket.destroyed, false)
  const answer = sipAnswer(request)
  for (const socket of server.connections) socket.write(answer)
  assert.deepEqual(await busy.next(), answer)
  quiet()
  await within('the busy client to be let go', busy.closed, patienceMs)
  assert.deepEqual(await gateway.process.ended, { code: 0, signal: null })

  for (const peer of [idlePeer, busyPeer]) {
    const closed = await scene.event('CLOSED', { peer })
    assert.deepEqual([closed.Status, closed.cause, closed.closed_by], ['SUCCESS', 'shutdown', 'local'])
  }
  const open = scene.events({ Event: 'ACCEPTED' }).length + scene.events({ Event: 'CONNECTED' }).length
  assert.equal(scene.events({ Event: 'CLOSED' }).length, open, 'nothing was left without its end')
})

test('at the drain deadline what is still there is ended', async (t) => {
  const scene = await startScene(t, { limits: { drain_timeout: 300 } })
  const client = await scene.client()
  const peer = client.address
  chatter(t, client)
  await scene.event('ACCEPTED', { peer })
  assert.deepEqual(await scene.gateway.process.stop('SIGINT'), { code: 0, signal: null })
  assert.equal((await scene.event('CLOSED', { peer })).cause, 'shutdown')
})

test('a second signal ends it at once', async (t) => {
  const scene = await startScene(t, { limits: { drain_timeout: 600_000 } })
  const client = await scene.client()
  chatter(t, client)
  await scene.event('ACCEPTED', { peer: client.address })
  scene.gateway.process.signal('SIGTERM')
  await scene.status('draining', ({ state }) => state === 'draining')
  scene.gateway.process.signal('SIGTERM')
  assert.deepEqual(await within('the end', scene.gateway.process.ended), { code: 1, signal: null })
})

test('a port that is taken is exit code 2 and a sentence that says which, and how to find by whom', async (t) => {
  const server = createServer()
  const port = await listening(t, server)
  const dir = tempDir(t)
  const free = await freePort()
  const config = { socket: [`tls:127.0.0.1:${free}`, `tls:127.0.0.1:${port}`], state_dir: dir, api: { listen: 'off' } }
  const file = writeText(dir, 'gateway.yaml', JSON.stringify(config))
  const { code, stdout, stderr } = await runProcess(process.execPath, [mainPath, 'run', '--config', file])
  assert.equal(code, 2, stderr)
  assert.match(
    stderr,
    new RegExp(`^hepgate run: tls:127\\.0\\.0\\.1:${port}: port ${port} is taken by another program`, 'm'),
  )
  assert.ok(!/ {2}at /.test(stderr), 'no stack trace')
  assert.ok(!stdout.includes('ready'))
  await assert.rejects(tcpConnect(t, free), { code: 'ECONNREFUSED' })
})
