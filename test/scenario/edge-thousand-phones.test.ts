/** A thousand phones behind one gateway: each gets its own calls and no other's, and the trace has all of it. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { droppedPackets } from '../support/destinations.js'
import { freePort } from '../support/ports.js'
import { startProcess } from '../support/process.js'
import { startScene } from '../support/scene.js'
import { lastFirst } from '../support/scope.js'
import { headerOf, sipRequest, startLine } from '../support/sip.js'
import { SipCore } from '../support/sip-core.js'
import { until } from '../support/wait.js'

const phones = 1000
const swarms = 2
/** all of it is work for the processors, which may be busy with other tests */
const patienceMs = 90_000

const scope = lastFirst({ after })
const [port, corePort] = [await freePort(), await freePort()]
const registrar = await SipCore.start(scope)
const scene = await startScene(scope, {
  socket: [`tls:127.0.0.1:${port}`, `tcp:127.0.0.1:${corePort}`],
  relay: { mode: 'edge', upstream: [registrar.uri], options_interval: 0 },
})
const { collector } = scene
const connection = await registrar.connection()
const swarm = fileURLToPath(new URL('../support/phone-swarm.js', import.meta.url))

/** the Path of each phone, by its user part */
const paths = new Map<string, string>()
/** who answered the requests of a call */
const answeredBy = new Map<string, string[]>()

function toPhone(user: string, method: string, cseq: number): Buffer {
  const to = `<sip:${user}@example.com>${method === 'INVITE' ? '' : ';tag=1'}`
  const headers = [`Route: ${paths.get(user)}`]
  const callId = `${user}@call`
  return sipRequest({ method, uri: `sip:${user}@example.com`, to, cseq, callId, transport: 'TCP', headers })
}

/** The registrar goes on with a call as the phone answers. */
connection.onMessage = (message) => {
  const callId = headerOf(message, 'Call-ID')!
  const user = callId.split('@')[0]!
  if (startLine(message).startsWith('REGISTER ')) {
    paths.set(user, headerOf(message, 'Path')!)
    connection.answer(message)
    return
  }
  answeredBy.set(callId, [...(answeredBy.get(callId) ?? []), headerOf(message, 'X-Phone') ?? startLine(message)])
  if (headerOf(message, 'CSeq') !== '1 INVITE') return
  connection.send(toPhone(user, 'ACK', 1))
  connection.send(toPhone(user, 'BYE', 2))
}

const running = Array.from({ length: swarms }, (_, i) => {
  const count = phones / swarms
  return startProcess(scope, process.execPath, [swarm, String(port), String(i * count), String(count)])
})

test('a thousand phones register, each with a Path of its own', async () => {
  await until(
    'all to be registered',
    () => {
      const failed = running.find(({ running }) => !running)
      assert.equal(failed, undefined, failed?.output)
      return running.every(({ output }) => /^registered \d+$/m.test(output))
    },
    patienceMs,
  )
  assert.equal(paths.size, phones)
  assert.equal(new Set(paths.values()).size, phones)
  const { connections } = await scene.gateway.status()
  assert.deepEqual([connections.acceptedTotal, connections.failures], [phones, {}])
})

test('each is called through its Path, and answers, and nobody else does', async () => {
  for (const user of paths.keys()) connection.send(toPhone(user, 'INVITE', 1))
  const isOver = () => answeredBy.size === phones && [...answeredBy.values()].every((answers) => answers.length >= 2)
  await until('the end of all calls', isOver, patienceMs)
  for (const [callId, answers] of answeredBy) {
    const user = callId.split('@')[0]!
    assert.deepEqual(answers, [user, user])
  }
  for (const { output } of running) assert.doesNotMatch(output, /misdelivered|cut off/)
  const { messages, edge } = await scene.gateway.status()
  // REGISTER, INVITE and BYE with their answers, ACK
  assert.deepEqual([messages.relayed, messages.lost], [phones * 7, {}])
  assert.deepEqual([edge?.answered, edge?.responsesDropped], [{}, {}])
})

test('the trace has every message on both legs, in its order, and every connection', async () => {
  const records = () => collector.records.filter(({ type }) => type === 1)
  await until('all messages', () => records().length >= phones * 14, patienceMs)
  const flows = new Map<string, string[]>()
  for (const { correlation, payload, chunks } of records()) {
    const leg = chunks.get(0x02)![0] === 22 ? 'edge' : 'core'
    const flow = flows.get(correlation) ?? []
    flows.set(correlation, flow)
    flow.push(`${leg} ${/^\S+/.exec(startLine(payload))![0].replace('SIP/2.0', headerOf(payload, 'CSeq')!)}`)
  }
  assert.equal(flows.size, 2 * phones)
  for (const user of paths.keys()) {
    assert.deepEqual(flows.get(`${user}@register`), [
      'edge REGISTER',
      'core REGISTER',
      'core 1 REGISTER',
      'edge 1 REGISTER',
    ])
    const flow = flows.get(`${user}@call`)!
    // What the phone answers and what the core goes on with are under way at the same time: the order is that of each request.
    const of = (wanted: RegExp) => flow.filter((step) => wanted.test(step))
    assert.equal(flow.length, 10)
    assert.deepEqual(of(/INVITE/), ['core INVITE', 'edge INVITE', 'edge 1 INVITE', 'core 1 INVITE'])
    assert.deepEqual(of(/ACK/), ['core ACK', 'edge ACK'])
    assert.deepEqual(of(/BYE/), ['core BYE', 'edge BYE', 'edge 2 BYE', 'core 2 BYE'])
  }
  const events = (name: string) => scene.events({ Event: name, direction: 'in' }).length
  assert.deepEqual([events('ACCEPTED'), events('TLS_SESSION')], [phones, 2 * phones])
  const { destinations, trace } = await scene.gateway.status()
  assert.deepEqual([droppedPackets(destinations[0]!), trace.tracesLost, trace.messagesWithoutCallId], [0, 0, 0])
})
