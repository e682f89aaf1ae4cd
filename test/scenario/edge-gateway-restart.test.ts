/**
 * The gateway is restarted: a flow token of before is known to be its own, so the core is told that the flow is gone
 * (430, RFC 5626 §5.3) and not that somebody forged it (403); the phone registers anew and can be called again.
 */
import assert from 'node:assert/strict'
import { readFileSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { type EdgeCast, registered, startEdgeCast } from '../support/edge-cast.js'
import { startAgain } from '../support/gateway-process.js'
import { changeFile } from '../support/reconfigure.js'
import type { SceneConfig } from '../support/scene.js'
import { lastFirst } from '../support/scope.js'
import { headerOf, sipRequest, startLine } from '../support/sip.js'
import type { SipStream } from '../support/sip-stream.js'

const flowFailed = 'SIP/2.0 430 Flow Failed'
const forbidden = /^SIP\/2\.0 403 /

/** A gateway that is restarted again and again, and what the core knows of a phone of its first life. */
class Restarted {
  core: SipStream
  #gateway: EdgeCast['scene']['gateway']

  private constructor(
    private readonly scope: ReturnType<typeof lastFirst>,
    readonly cast: EdgeCast,
    readonly path: string,
    /** as the phone put it into its route set */
    readonly recordRoute: string,
  ) {
    this.core = cast.core
    this.#gateway = cast.scene.gateway
  }

  static async start(config: SceneConfig): Promise<Restarted> {
    const scope = lastFirst({ after })
    const cast = await startEdgeCast(scope, config)
    const { phone, path } = await registered(cast)
    phone.send(sipRequest({ method: 'INVITE', uri: 'sip:bob@example.com' }))
    return new Restarted(scope, cast, path, headerOf(await cast.core.next(), 'Record-Route')!)
  }

  get dir(): string {
    return this.#gateway.dir
  }

  async restart(signal: 'SIGTERM' | 'SIGKILL', change = () => {}): Promise<void> {
    await this.#gateway.process.stop(signal)
    change()
    const before = this.cast.upstream.connections.length
    this.#gateway = await startAgain(this.scope, this.#gateway)
    this.core = await this.cast.upstream.connection(before)
  }

  changeSecret(flow_secret: string): void {
    changeFile(this.#gateway, ({ relay }) => Object.assign(relay!, { flow_secret }))
  }

  /** What the core is told about a request with that Route. */
  async answerTo(method: string, route: string): Promise<string> {
    const to = method === 'BYE' ? '<sip:alice@example.com>;tag=1' : '<sip:alice@example.com>'
    const headers = [`Route: ${route}`]
    const { answer } = await this.core.request({ method, transport: 'TCP', uri: 'sip:alice@192.0.2.10', to, headers })
    return startLine(answer)
  }

  async assertFlowFailed(): Promise<void> {
    // Somebody else is there first, perhaps even from the same address and port.
    const stranger = await this.cast.phone()
    assert.equal(await this.answerTo('INVITE', this.path), flowFailed)
    assert.equal(await this.answerTo('BYE', this.recordRoute), flowFailed)
    assert.deepEqual(stranger.received, [])
  }

  async assertReachableAgain(): Promise<void> {
    const { phone, path } = await registered({ phone: () => this.cast.phone(), core: this.core })
    assert.notEqual(path, this.path)
    this.core.send(sipRequest({ method: 'INVITE', transport: 'TCP', headers: [`Route: ${path}`] }))
    phone.answer(await phone.next())
    assert.equal(startLine(await this.core.next()), 'SIP/2.0 200 OK')
    assert.equal(await this.answerTo('INVITE', this.path), flowFailed, 'the old flow stays lost')
  }
}

describe('with a configured secret', async () => {
  const relay = { flow_secret: 'kept by the operator' }
  const life = await Restarted.start({ relay })

  test('430 for the Path and the Record-Route of before; the phone can be called when it is back', async () => {
    await life.restart('SIGTERM')
    await life.assertFlowFailed()
    await life.assertReachableAgain()
  })

  test('a phone that came back goes on with a dialog of before: the token of its own lost flow holds up nobody', async () => {
    const phone = await life.cast.phone()
    const route = life.recordRoute.split(', ').reverse().join(', ')
    const bye = sipRequest({ method: 'BYE', to: '<sip:bob@example.com>;tag=1', headers: [`Route: ${route}`] })
    phone.send(bye)
    assert.equal(headerOf(await life.core.next(), 'Call-ID'), headerOf(bye, 'Call-ID'))
  })

  test('another gateway with the same secret says 430, too', async (t) => {
    const { core, corePort } = await startEdgeCast(t, { relay })
    const token = /sip:([\w-]+)@/.exec(life.path)![1]!
    const headers = [`Route: <sip:${token}@127.0.0.1:${corePort};transport=tcp;lr>`]
    const { answer } = await core.request({ method: 'INVITE', transport: 'TCP', headers })
    assert.equal(startLine(answer), flowFailed)
  })

  test('with another secret 403: it might be forged', async () => {
    await life.restart('SIGTERM', () => life.changeSecret('of quite another gateway'))
    assert.match(await life.answerTo('INVITE', life.path), forbidden)
    assert.match(await life.answerTo('BYE', life.recordRoute), forbidden)
  })
})

describe('with the secret kept in state_dir', async () => {
  const life = await Restarted.start({})
  const file = join(life.dir, 'state', 'flow-secret')
  const kept = readFileSync(file)

  for (const [what, signal] of [
    ['a restart', 'SIGTERM'],
    ['a crash', 'SIGKILL'],
  ] as const) {
    test(`after ${what} 430 for what is of before; the phone can be called when it is back`, async () => {
      await life.restart(signal)
      await life.assertFlowFailed()
      await life.assertReachableAgain()
    })
  }

  test('it is for the gateway alone, and stays the same', () => {
    assert.deepEqual([kept.length, statSync(file).mode & 0o777], [32, 0o600])
    assert.deepEqual(readFileSync(file), kept)
  })

  test('once it is removed, what is of before might be forged: 403', async () => {
    await life.restart('SIGTERM', () => rmSync(file))
    assert.match(await life.answerTo('INVITE', life.path), forbidden)
  })
})
