/** What goes wrong is said where an operator looks: in the log, in the status, and to our own servers in their answers. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { DnsServer } from '../support/dns-server.js'
import { registered } from '../support/edge-cast.js'
import { freePort } from '../support/ports.js'
import { startScene } from '../support/scene.js'
import { lastFirst, mortal } from '../support/scope.js'
import { headerOf, sipRequest, startLine } from '../support/sip.js'
import { SipCore } from '../support/sip-core.js'
import { SipStream } from '../support/sip-stream.js'

const scope = lastFirst({ after }) // what `after` itself is given within a test ends with that test
const life = mortal(scope)
const dns = await DnsServer.start(scope)
const first = await SipCore.start(life)
const [edgePort, corePort] = [await freePort(), await freePort()]
const trunk = 'sips:trunk.example.com'
const scene = await startScene(scope, {
  socket: [`tls:127.0.0.1:${edgePort}`, `tcp:127.0.0.1:${corePort}`],
  relay: {
    mode: 'edge',
    upstream: [first.uri],
    options_interval: 0,
    trunk: [trunk],
    dns_server: [`127.0.0.1:${dns.address.port}`],
  },
  trust: { domains: ['carrier.example'] },
  tls_mgm: { client_domain: [{ name: 'all', verify_cert: 0 }] },
})
const { process } = scene.gateway
const phone = await scene.client({ port: edgePort })
const server = await SipStream.tcp(scope, corePort)

interface Line {
  readonly level: string
  readonly msg: string
  readonly [field: string]: unknown
}

/** Of the log, those with this message. */
function lines(msg: RegExp): Line[] {
  const json = process.output.split('\n').filter((line) => line.startsWith('{'))
  return json.map((line) => JSON.parse(line) as Line).filter((line) => msg.test(line.msg))
}

/** What became of a request of our own server for that URI. */
async function ask(uri: string): Promise<{ status: string; warning: string | undefined }> {
  const { answer } = await server.request({ method: 'MESSAGE', transport: 'TCP', uri })
  return { status: startLine(answer), warning: headerOf(answer, 'Warning') }
}

test('run says which trunks it keeps connected, and warns of what check warns of', async () => {
  await process.printed(new RegExp(`^ *keeps connected +${trunk}$`, 'm'))
  await process.printed(/no peer will ever be trusted/)
  const [warning] = lines(/no peer will ever be trusted/)
  assert.equal(warning!.level, 'warn')
  assert.match(String(warning!.place), /gateway\.yaml:\d+:\d+$/)
})

test('a trunk whose name cannot be resolved is down, with the reason', async () => {
  const { upstreams } = await scene.status('the trunk is down', ({ upstreams }) => upstreams[1]!.state === 'down')
  assert.match(upstreams[1]!.lastError!, /^dns-failed: .*trunk\.example\.com/)
  await process.printed(/"trunk is down"/)
  const [line, ...more] = lines(/^trunk is down$/)
  assert.deepEqual([line!.level, line!.uri, line!.cause, more], ['warn', trunk, 'dns-failed', []])
})

test('a server that asks for a name that does not resolve is told why, and the log is once a minute', async () => {
  for (let i = 0; i < 2; i++) {
    const { status, warning } = await ask('sip:bob@nobody.example.com')
    assert.equal(status, 'SIP/2.0 503 Service Unavailable')
    assert.match(warning!, /^399 hepgate "dns-failed: [^"\\]*nobody\.example\.com[^"\\]*"$/)
  }
  const found = lines(/could not be sent/).filter(({ host }) => host === 'nobody.example.com')
  assert.deepEqual(
    found.map(({ level, cause }) => [level, cause]),
    [['warn', 'dns-failed']],
  )
})

test('so is one that asks for an address where nobody listens, or for one of our own', async () => {
  const refused = await ask(`sip:bob@127.0.0.1:${await freePort()};transport=tcp`)
  assert.match(refused.warning!, /^399 hepgate "connect-refused: /)
  dns.records = [{ type: 'A', name: 'here.example.com', address: '127.0.0.1' }]
  const own = await ask(`sip:bob@here.example.com:${corePort};transport=tcp`)
  assert.match(own.warning!, /^399 hepgate "unreachable: that address is /)
})

test('a registrar that does not repeat the Path is counted and complained of, one that does is not', async () => {
  const core = await first.connection()
  const register = { method: 'REGISTER', uri: 'sip:example.com' }
  const answerWith = async (status: string, headers: (path: string) => string[]): Promise<void> => {
    phone.send(sipRequest(register))
    const request = await core.next()
    core.answer(request, status, headers(headerOf(request, 'Path')!))
    await phone.next()
  }
  const contact = 'Contact: <sip:alice@192.0.2.1>;expires=60'
  await answerWith('200 OK', (path) => [contact, `Path: ${path}`])
  await answerWith('200 OK', () => [])
  await answerWith('401 Unauthorized', () => [contact])
  assert.equal((await scene.gateway.status()).edge!.registrationsWithoutPath, 0)
  await answerWith('200 OK', () => [contact])
  await answerWith('200 OK', () => [contact])
  assert.equal((await scene.gateway.status()).edge!.registrationsWithoutPath, 2)
  await process.printed(/RFC 3327/)
  const found = lines(/RFC 3327/)
  assert.deepEqual([found.length, found[0]!.registrar], [1, `127.0.0.1:${first.port}`])
})

test('answers to REGISTER are counted by status, other answers are not', async () => {
  const core = await first.connection()
  const counted = async () => ({ ...(await scene.gateway.status()).edge!.registrations })
  const before = await counted()
  const statuses = ['100 Trying', '200 OK', '403 Forbidden', '499 Nobody Knows', '677 Never']
  phone.send(sipRequest({ method: 'REGISTER', uri: 'sip:example.com' }))
  const register = await core.next()
  phone.send(sipRequest({ method: 'MESSAGE', uri: 'sip:bob@example.com' }))
  const message = await core.next()
  for (const status of statuses) {
    for (const request of [register, message]) {
      core.answer(request, status)
      await phone.next()
    }
  }
  const more = (status: string) => (before[status] ?? 0) + 1
  const expected = { 200: more('200'), 403: more('403'), '4xx': more('4xx'), '6xx': more('6xx') }
  assert.deepEqual(await counted(), { ...before, ...expected })
})

test('the last server that goes is an error, and a phone is not told where it was', async () => {
  await life.end()
  await process.printed(/"upstream is down, and no other is left"/)
  const [line] = lines(/^upstream is down/)
  assert.deepEqual([line!.level, line!.uri, line!.cause], ['error', first.uri, 'connect-refused'])
  const { answer } = await phone.request({ method: 'MESSAGE', uri: 'sip:bob@example.com' })
  assert.equal(startLine(answer), 'SIP/2.0 503 Service Unavailable')
  assert.equal(headerOf(answer, 'Warning'), undefined)
})

test('a phone that registers meanwhile is answered by us, which is an answer to REGISTER too', async () => {
  const { answer } = await phone.request({ method: 'REGISTER', uri: 'sip:example.com' })
  assert.equal(startLine(answer), 'SIP/2.0 503 Service Unavailable')
  const { answered, registrations } = (await scene.gateway.status()).edge!
  assert.equal(registrations[503], 1)
  assert.ok(answered[503]! > 1, 'the MESSAGE before it is under answered alone')
})

test('an ACK with a forged token is refused, and counted as that', async () => {
  const route = `Route: <sip:forged-token@127.0.0.1:${corePort};transport=tcp;lr>`
  server.send(sipRequest({ method: 'ACK', transport: 'TCP', uri: 'sip:bob@192.0.2.1', headers: [route] }))
  const { edge } = await scene.status('the ACK', ({ edge }) => Object.keys(edge!.requestsDropped).length > 0)
  assert.deepEqual(edge!.requestsDropped, { refused: 1 })
})

test('it is said when the server is back', async () => {
  const back = await SipCore.start(scope, first.port)
  await registered({ phone: () => scene.client({ port: edgePort }), core: await back.connection() })
  await process.printed(/"upstream is up again"/)
  assert.deepEqual(
    lines(/^upstream is/).map(({ level }) => level),
    ['error', 'info'],
  )
})
