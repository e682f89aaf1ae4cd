/**
 * The gateway is restarted: a flow token of before is known to be its own, so the core is told that the flow is gone
 * (430, RFC 5626 §5.3) and not that somebody forged it (403); the phone registers anew and can be called again.
 */
import assert from 'node:assert/strict'
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { type EdgeCast, registered, startEdgeCast } from '../support/edge-cast.js'
import { startAgain } from '../support/gateway-process.js'
import { changeFile } from '../support/reconfigure.js'
import type { SceneConfig } from '../support/scene.js'
import { lastFirst, type Scope } from '../support/scope.js'
import { headerOf, sipRequest, startLine } from '../support/sip.js'
import type { SipStream } from '../support/sip-stream.js'

const [secret, another] = ['kept by the operator', 'of quite another gateway']

/** A phone that registered and called, and what the core knows of both. */
interface Before {
  readonly scope: Scope
  readonly cast: EdgeCast
  readonly path: string
  readonly recordRoute: string
}

async function before(t: Scope, config: SceneConfig): Promise<Before> {
  const scope = lastFirst(t)
  const cast = await startEdgeCast(scope, config)
  const { phone, path } = await registered(cast)
  phone.send(
    sipRequest({ method: 'INVITE', uri: 'sip:bob@example.com', contact: '<sip:alice@192.0.2.10;transport=tls;ob>' }),
  )
  return { scope, cast, path, recordRoute: headerOf(await cast.core.next(), 'Record-Route')! }
}

/** Ends the process and starts another. Returns the connection that this one opens to the core. */
async function restart({ scope, cast }: Before, signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<SipStream> {
  const { gateway } = cast.scene
  await gateway.process.stop(signal)
  const connections = cast.upstream.connections.length
  await startAgain(scope, gateway)
  return cast.upstream.connection(connections)
}

/** What the core is told about a request with that Route. */
async function answerTo(core: SipStream, method: string, route: string): Promise<string> {
  const to = method === 'BYE' ? '<sip:alice@example.com>;tag=1' : '<sip:alice@example.com>'
  const { answer } = await core.request({
    method,
    transport: 'TCP',
    uri: 'sip:alice@192.0.2.10',
    to,
    headers: [`Route: ${route}`],
  })
  return startLine(answer)
}

describe('after a restart', { concurrency: true }, () => {
  for (const [what, config, signal] of [
    ['with a configured secret', { relay: { flow_secret: secret } }, 'SIGTERM'],
    ['with the secret kept in state_dir', {}, 'SIGTERM'],
    ['with the secret kept in state_dir, after a crash', {}, 'SIGKILL'],
  ] as const) {
    test(`${what}: 430 for the Path and the Record-Route of before, and the phone can be called once it is back`, async (t) => {
      const known = await before(t, config)
      const core = await restart(known, signal)
      // Somebody else is there first, perhaps even from the same address and port.
      const stranger = await known.cast.phone()
      assert.equal(await answerTo(core, 'INVITE', known.path), 'SIP/2.0 430 Flow Failed')
      assert.equal(await answerTo(core, 'BYE', known.recordRoute), 'SIP/2.0 430 Flow Failed')
      assert.deepEqual(stranger.received, [])

      const { phone, path } = await registered({ ...known.cast, core })
      assert.notEqual(path, known.path)
      core.send(sipRequest({ method: 'INVITE', transport: 'TCP', headers: [`Route: ${path}`] }))
      const invite = await phone.next()
      phone.answer(invite)
      assert.equal(startLine(await core.next()), 'SIP/2.0 200 OK')
      assert.deepEqual(stranger.received, [])
      assert.equal(await answerTo(core, 'INVITE', known.path), 'SIP/2.0 430 Flow Failed', 'still')
    })
  }

  test('a phone that came back goes on with a dialog of before: the token of its own lost flow holds up nobody', async (t) => {
    const known = await before(t, { relay: { flow_secret: secret } })
    const core = await restart(known)
    const phone = await known.cast.phone()
    const route = known.recordRoute.split(', ').reverse().join(', ')
    const bye = sipRequest({ method: 'BYE', to: '<sip:bob@example.com>;tag=1', headers: [`Route: ${route}`] })
    phone.send(bye)
    assert.equal(headerOf(await core.next(), 'Call-ID'), headerOf(bye, 'Call-ID'))
  })

  test('with another secret: 403, it might be forged', async (t) => {
    const known = await before(t, { relay: { flow_secret: secret } })
    changeFile(known.cast.scene.gateway, ({ relay }) => Object.assign(relay!, { flow_secret: another }))
    const core = await restart(known)
    assert.match(await answerTo(core, 'INVITE', known.path), /^SIP\/2\.0 403 /)
  })

  test('another gateway with the same secret says 430, one with its own 403', async (t) => {
    const known = await before(t, { relay: { flow_secret: secret } })
    const same = await startEdgeCast(t, { relay: { flow_secret: secret } })
    const own = await startEdgeCast(t)
    // the token as it stands in its own URI
    const token = /sip:([\w-]+)@/.exec(known.path)![1]!
    const route = ({ corePort }: EdgeCast): string => `<sip:${token}@127.0.0.1:${corePort};transport=tcp;lr>`
    assert.equal(await answerTo(same.core, 'INVITE', route(same)), 'SIP/2.0 430 Flow Failed')
    assert.match(await answerTo(own.core, 'INVITE', route(own)), /^SIP\/2\.0 403 /)
  })

  test('the secret in state_dir is for the gateway alone, and stays the same', async (t) => {
    const known = await before(t, {})
    const file = join(known.cast.scene.gateway.dir, 'state', 'flow-secret')
    const kept = readFileSync(file)
    assert.deepEqual([kept.length, statSync(file).mode & 0o777], [32, 0o600])
    await restart(known)
    assert.deepEqual(readFileSync(file), kept)
    assert.ok(!known.cast.scene.gateway.process.output.includes(kept.toString('hex')))
  })
})
