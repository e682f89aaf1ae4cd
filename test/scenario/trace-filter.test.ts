import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { writeText } from '../support/certificates.js'
import { tcpConnect } from '../support/listening.js'
import { freePort } from '../support/ports.js'
import { type Scene, startScene } from '../support/scene.js'
import { tempDir } from '../support/tmp.js'

const scope = { after }
const dir = tempDir(scope)
const [port, unwatched] = [await freePort(), await freePort()]
const usual = `
  # phones of the office, and whoever asks for the secret name
  if ($si == "127.0.0.16/28" || $tls_sni =~ "^secret\\.")
    drop;
  else if ($socket_in(port) == ${unwatched})
    route(never);
`
const scene = await startScene(
  scope,
  {
    socket: [`tls:127.0.0.1:${port}`, `tls:127.0.0.1:${unwatched}`],
    proto_tls: { trace_filter_route: 'tls_filter' },
    routes: { tls_filter: usual, never: 'drop;' },
  },
  dir,
)
const module = writeText(
  dir,
  'filter.mjs',
  `export default (connection) => {
    if (connection.sni === 'broken.example.com') throw new Error('as asked for')
    return connection.direction === 'in' && connection.peer.ip !== '127.0.0.1' ? 'drop' : undefined
  }`,
)
const byModule = await startScene(scope, { proto_tls: { trace_filter_route: module } }, dir)

/** A whole life; returns the address of the client. */
async function life(
  where: Scene,
  from = '127.0.0.1',
  servername = 'sip.example.com',
  to = where === scene ? port : where.port,
) {
  const raw = await tcpConnect(scope, to, '127.0.0.1', from)
  const peer = `${from}:${raw.localPort}`
  const client = await where.client({ socket: raw, servername })
  await client.request({ callId: `call-${peer}` })
  await client.close()
  return peer
}

/** A filter decides about all of a connection: its events, its SIP, its CLOSED. */
async function assertTraced(where: Scene, peers: readonly string[]): Promise<void> {
  for (const peer of peers) await where.event('CLOSED', { peer })
  for (const peer of peers) assert.equal(sipOf(where, peer), 2)
}

/** Call it after something that is traced has arrived. */
function assertDropped(where: Scene, peers: readonly string[]): void {
  for (const peer of peers) {
    assert.deepEqual(where.events({ peer }), [])
    assert.equal(sipOf(where, peer), 0)
  }
}

function sipOf(where: Scene, peer: string): number {
  return where.collector.records.filter(({ type, correlation }) => type === 1 && correlation === `call-${peer}`).length
}

test('a route drops connections by address, network, name and socket, and traces the others whole', async () => {
  const dropped = [
    await life(scene, '127.0.0.17'),
    await life(scene, '127.0.0.31'),
    await life(scene, '127.0.0.1', 'secret.example.com'),
    await life(scene, '127.0.0.1', 'SECRET.example.com'),
    await life(scene, '127.0.0.1', 'sip.example.com', unwatched),
  ]
  const traced = [
    await life(scene),
    await life(scene, '127.0.0.32'),
    await life(scene, '127.0.0.1', 'not.secret.example.com'),
  ]
  await assertTraced(scene, traced)
  assertDropped(scene, dropped)
})

test('a broken route sent over HTTP is refused with its place, and the one before stays', async () => {
  const answer = await scene.gateway.put('/api/v1/trace/filter', { route: 'if ($si == "127.0.0.1")\n  drop\nexit;' })
  assert.equal(answer.status, 422)
  const { detail, errors } = (await answer.json()) as { detail: string; errors: { line: number; column: number }[] }
  assert.match(detail, /^line \d, column \d+: /)
  assert.ok(errors[0]!.line >= 2)
  const { filter, filterSource } = (await scene.gateway.status()).trace
  assert.deepEqual([filter, filterSource], ['tls_filter', 'config'])
  const [dropped, traced] = [await life(scene, '127.0.0.17'), await life(scene)]
  await assertTraced(scene, [traced])
  assertDropped(scene, [dropped])
})

test('a good one is tried on the live connections, replaces the one before, and judges the connections to come', async () => {
  const live = await scene.client({ port })
  const { conn_id } = await scene.live(live.address, ({ tls_version }) => tls_version !== undefined)
  const route = 'if ($si == "127.0.0.17") exit;\ndrop;'
  const dry = await fetch(`${scene.gateway.apiUrl}/api/v1/trace/filter/dry-run`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ route }),
  })
  for (const answer of [dry, await scene.gateway.put('/api/v1/trace/filter', { route })]) {
    assert.equal(answer.status, 200)
    const { matches } = (await answer.json()) as { matches: { conn_id: string; traced: boolean }[] }
    assert.equal(matches.find((match) => match.conn_id === conn_id)?.traced, false)
  }
  assert.equal((await scene.gateway.status()).trace.filterSource, 'api')
  const [dropped, traced] = [await life(scene), await life(scene, '127.0.0.17')]
  await assertTraced(scene, [traced])
  assertDropped(scene, [dropped])
  // the verdict of a connection is kept
  const { address } = live
  await live.request({ callId: `call-${address}` })
  await live.close()
  await assertTraced(scene, [address])
})

test('a module decides like a route; where it throws the connection is traced and the failure counted', async () => {
  const dropped = await life(byModule, '127.0.0.9')
  const traced = [await life(byModule), await life(byModule, '127.0.0.9', 'broken.example.com')]
  await assertTraced(byModule, traced)
  assertDropped(byModule, [dropped])
  const { filter, filterFailures } = (await byModule.gateway.status()).trace
  assert.equal(filter, module)
  assert.ok(filterFailures >= 1)
})
