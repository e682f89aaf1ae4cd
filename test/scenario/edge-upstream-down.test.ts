/** A server that answers no probes gets no calls while another lives, and gets them back when it answers again. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { answerProbes, isIn, probeThreshold, readiness, startProbing } from '../support/probed-upstreams.js'
import { SipServer } from '../support/sip-server.js'
import { callAll, callIds, shares } from '../support/upstream-calls.js'
import { until } from '../support/wait.js'

const scope = { after }
const servers = [await SipServer.start(scope), await SipServer.start(scope), await SipServer.start(scope)] as const
const [first, second, reserve] = servers
const scene = await startProbing(scope, [first.uri, second.uri, { uri: reserve.uri, priority: 2 }])
const phone = await scene.client()
const calls = callIds(60, 'down')

/** How many of the same sixty calls each server gets now. */
async function distribution(): Promise<number[]> {
  for (const { requests } of servers) requests.length = 0
  await callAll(phone, calls)
  return shares(servers, calls)
}

let usual: number[] = []

test('while all of them live, those of the first rank share the calls', async () => {
  for (const index of servers.keys()) await isIn(scene, 'up', index)
  assert.equal(await readiness(scene), 200)
  usual = await distribution()
  assert.deepEqual([usual[0]! > 0, usual[1]! > 0, usual[2]], [true, true, 0])
})

test('a server is down after the threshold and not before, and its connection is given up and opened again', async () => {
  answerProbes(first, undefined)
  const down = await scene.status('down', ({ upstreams }) => {
    const { state, probes } = upstreams[0]!
    assert.ok(state === 'up' || probes!.failed >= probeThreshold, `down after ${probes?.failed} probes`)
    return state === 'down'
  })
  assert.match(down.upstreams[0]!.lastError!, /^keepalive-timeout: .*1000 ms/)
  const peer = `127.0.0.1:${first.port}`
  const { conn_id } = await scene.event('ERROR', { peer, cause: 'keepalive-timeout' })
  assert.equal((await scene.event('CLOSED', { conn_id })).Status, 'FAILURE')
  await until('another connection', () => scene.events({ Event: 'CONNECTED', peer, Status: 'SUCCESS' }).length > 1)
  assert.equal((await scene.gateway.status()).upstreams[0]!.state, 'down', 'a connection alone proves nothing')
})

test('its calls go to the other one of its rank, whose own calls stay where they are', async () => {
  assert.deepEqual(await distribution(), [0, 60, 0])
  assert.equal(await readiness(scene), 200)
})

// From here on those that are down say so, and keep their connections: a call would be lost with one that is given up.
const away = '503 Service Unavailable'

test('when all of a rank are down, the next rank takes the calls', async () => {
  answerProbes(first, away)
  answerProbes(second, away)
  await isIn(scene, 'down', 1)
  assert.deepEqual(await distribution(), [0, 0, 60])
  assert.equal(await readiness(scene), 200)
})

test('when all are down it is not ready, and they are tried all the same', async () => {
  answerProbes(reserve, away)
  await isIn(scene, 'down', 2)
  assert.equal(await readiness(scene), 503)
  assert.equal(
    (await distribution()).reduce((sum, calls) => sum + calls),
    60,
  )
})

test('those that answer again have their calls as before', async () => {
  for (const server of servers) answerProbes(server, '200 OK')
  for (const index of servers.keys()) await isIn(scene, 'up', index)
  assert.equal(await readiness(scene), 200)
  assert.deepEqual(await distribution(), usual)
})
