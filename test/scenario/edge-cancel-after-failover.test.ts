/**
 * RFC 3261 §16.10: a CANCEL goes where its INVITE went. A server that comes back while the phones of its neighbour ring
 * gets new calls again only when those that rang then are over.
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { answerProbes, isIn, isProbe, startProbing } from '../support/probed-upstreams.js'
import { startScene } from '../support/scene.js'
import { lastFirst, mortal } from '../support/scope.js'
import { headerOf, sipRequest, startLine } from '../support/sip.js'
import { SipServer } from '../support/sip-server.js'
import { until } from '../support/wait.js'

/** What came to this server of that call, by its methods. */
function methodsAt({ requests }: SipServer, callId: string): string[] {
  const its = requests.filter((request) => headerOf(request, 'Call-ID') === callId && !isProbe(request))
  return its.map((request) => startLine(request).split(' ')[0]!)
}

const invite = sipRequest({ method: 'INVITE', uri: 'sip:bob@example.com' })
const callId = headerOf(invite, 'Call-ID')!
const cancel = Buffer.from(
  invite
    .toString()
    .replace(/^INVITE/, 'CANCEL')
    .replace('CSeq: 1 INVITE', 'CSeq: 1 CANCEL'),
)

describe('a call that went to the second server goes on there when the first is back', { concurrency: true }, () => {
  test('which had been restarted', async (t) => {
    const scope = lastFirst(t)
    const life = mortal(scope)
    const [first, second] = [await SipServer.start(life), await SipServer.start(scope)]
    const upstream = [first.uri, { uri: second.uri, priority: 2 }]
    const scene = await startScene(scope, { relay: { mode: 'edge', upstream, options_interval: 0 } })
    const phone = await scene.client()
    const { port } = first
    await scene.status('both connected', ({ upstreams }) => upstreams.every(({ connections }) => connections === 1))
    await life.end()
    await isIn(scene, 'down')

    phone.send(invite)
    await until('the INVITE at the second', () => methodsAt(second, callId).length === 1)
    const back = await SipServer.start(scope, port)
    await isIn(scene, 'up')
    phone.send(cancel)
    // A new call of the same user, or one with credentials after a 401: by the same Call-ID.
    phone.send(sipRequest({ method: 'INVITE', uri: 'sip:bob@example.com', callId, cseq: 2 }))
    await until('the other two', () => methodsAt(second, callId).length + methodsAt(back, callId).length === 3)
    assert.deepEqual([methodsAt(second, callId), methodsAt(back, callId)], [['INVITE', 'CANCEL', 'INVITE'], []])
  })

  test('which had said that it was overloaded', async (t) => {
    const [first, second] = [await SipServer.start(t), await SipServer.start(t)]
    answerProbes(first, '503 Service Unavailable')
    const scene = await startProbing(t, [first.uri, { uri: second.uri, priority: 2 }])
    const phone = await scene.client()
    await isIn(scene, 'down')
    await isIn(scene, 'up', 1)

    phone.send(invite)
    await until('the INVITE at the second', () => methodsAt(second, callId).length === 1)
    answerProbes(first, '200 OK')
    await isIn(scene, 'up')
    phone.send(cancel)
    await until('the CANCEL', () => methodsAt(second, callId).length + methodsAt(first, callId).length === 2)
    assert.deepEqual([methodsAt(second, callId), methodsAt(first, callId)], [['INVITE', 'CANCEL'], []])
  })

  test('but to the first when the second is away in turn', async (t) => {
    const scope = lastFirst(t)
    const life = mortal(scope)
    const [first, second] = [await SipServer.start(t), await SipServer.start(life)]
    answerProbes(first, '503 Service Unavailable')
    const scene = await startProbing(t, [first.uri, { uri: second.uri, priority: 2 }])
    const phone = await scene.client()
    await isIn(scene, 'down')
    phone.send(invite)
    await until('the INVITE at the second', () => methodsAt(second, callId).length === 1)
    answerProbes(first, '200 OK')
    await isIn(scene, 'up')
    await life.end()
    await isIn(scene, 'down', 1)
    phone.send(cancel)
    await until('the CANCEL at the first', () => methodsAt(first, callId).length === 1)
  })
})

test('a call that came to the first stays there: nothing was down', async (t) => {
  const [first, second] = [await SipServer.start(t), await SipServer.start(t)]
  const upstream = [first.uri, { uri: second.uri, priority: 2 }]
  const scene = await startScene(t, { relay: { mode: 'edge', upstream, options_interval: 0 } })
  const phone = await scene.client()
  for (const request of [invite, cancel]) phone.send(request)
  await until('both', () => methodsAt(first, callId).length === 2)
  assert.deepEqual(methodsAt(second, callId), [])
})
