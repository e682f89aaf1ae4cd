/**
 * The demo of docker-compose.yml without containers: the gateway by config/compose/hepgate.yaml, and Kamailio as its
 * entry point starts it. Only addresses and ports are others.
 */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { describe, test } from 'node:test'
import { promisify } from 'node:util'
import { parse } from 'yaml'
import { startBaresip, talk } from '../support/baresip.js'
import { fileText, networksOf, onHost, serviceOf, unescaped } from '../support/compose.js'
import { type GatewayProcess, startGatewayProcess } from '../support/gateway-process.js'
import { HepCollector } from '../support/hep-collector.js'
import { lacks, peer } from '../support/peers.js'
import { accepts, freePort } from '../support/ports.js'
import { startProcess } from '../support/process.js'
import { lastFirst, type Scope } from '../support/scope.js'
import { headerOf, sipRequest, startLine } from '../support/sip.js'
import { SipClient } from '../support/sip-client.js'
import { tempDir } from '../support/tmp.js'
import { until } from '../support/wait.js'

const core = serviceOf('core')
const coreAddress = `${networksOf(core).core!.ipv4_address}:5060`
const password = 'said-to-the-phones'

describe('the demo core of docker-compose.yml', { skip: lacks('kamailio') }, () => {
  test('answers its health check, which fails without it', async (t) => {
    const port = await startCore(t)
    await healthCheck(port)
    const free = await freePort()
    await assert.rejects(healthCheck(free))
  })

  test('does not start without the password of the phones', async (t) => {
    const { code } = await coreProcess(t, await freePort(), {}).ended
    assert.notEqual(code, 0)
  })

  test('asks phones for the password', async (t) => {
    const { gateway, port } = await startDemo(t)
    const client = await SipClient.connect({ port })
    for (const [method, status] of [
      ['REGISTER', 401],
      ['INVITE', 407],
    ] as const) {
      client.send(sipRequest({ method, callId: `${method}-without@example.com` }))
      const answer = await finalAnswer(client)
      assert.match(startLine(answer), new RegExp(`^SIP/2\\.0 ${status} `))
      assert.match(headerOf(answer, status === 401 ? 'WWW-Authenticate' : 'Proxy-Authenticate')!, /^Digest /)
    }
    await client.close()
    await gateway.stop()
  })

  test('phones over TLS register and call each other, and Homer sees the call and its TLS', {
    skip: lacks('baresip'),
  }, async (t) => {
    const { gateway, port, homer } = await startDemo(t)
    const [alice, bob] = [await phone(t, 'alice', port), await phone(t, 'bob', port)]
    const callId = await talk(alice, bob, bob)
    await until('the call and its TLS in Homer', () => {
      const types = homer.records.filter(({ correlation }) => correlation === callId).map(({ type }) => type)
      return types.includes(1) && types.includes(100)
    })
    await gateway.stop()
  })
})

/** The service `core` on another port. */
async function startCore(scope: Scope): Promise<number> {
  const port = await freePort()
  const kamailio = coreProcess(scope, port, { PHONE_PASSWORD: password })
  await until('Kamailio to listen', () => !kamailio.running || accepts(port))
  assert.ok(kamailio.running, `Kamailio ended at once:\n${kamailio.output}`)
  return port
}

function coreProcess(scope: Scope, port: number, env: NodeJS.ProcessEnv) {
  const [, ...args] = core.entrypoint!.map((word) => {
    if (word === `tcp:${coreAddress}`) return `tcp:127.0.0.1:${port}`
    if (word === '/run/kamailio') return tempDir(scope)
    return word.startsWith('/etc/kamailio/') ? onHost(core, word) : word
  })
  return startProcess(scope, peer('kamailio'), args, { env })
}

async function healthCheck(port: number): Promise<void> {
  const [, program, ...args] = core.healthcheck!.test
  const there = args.map((word) => unescaped(word).replace(coreAddress.replace(':', '/'), `127.0.0.1/${port}`))
  await promisify(execFile)(program!, there, { timeout: 10_000 })
}

interface Demo {
  readonly gateway: GatewayProcess
  /** of its TLS socket */
  readonly port: number
  readonly homer: HepCollector
}

async function startDemo(test: Scope): Promise<Demo> {
  const scope = lastFirst(test)
  const [corePort, port, here] = [await startCore(scope), await freePort(), await freePort()]
  const homer = await HepCollector.start(scope)
  const config = parse(fileText('config/compose/hepgate.yaml')) as Record<string, object>
  const gateway = await startGatewayProcess(scope, {
    ...config,
    socket: [`tls:127.0.0.1:${port} AS 127.0.0.1`, { socket: 'tcp:127.0.0.1:0', side: 'core' }],
    proto_hep: {
      ...config.proto_hep,
      hep_id: [`[here]127.0.0.1:${here};transport=tcp`, homer.destination('homer', 'tcp')],
    },
    collector: { listen: [`tcp:127.0.0.1:${here}`] },
    relay: { upstream: [`sip:127.0.0.1:${corePort};transport=tcp`] },
    api: {},
  })
  return { gateway, port, homer }
}

async function phone(scope: Scope, user: string, port: number) {
  const baresip = await startBaresip(scope, {
    user,
    password,
    domain: 'localhost',
    proxy: `127.0.0.1:${port}`,
    transport: 'tls',
  })
  await baresip.registered()
  return baresip
}

async function finalAnswer(client: SipClient): Promise<Buffer> {
  for (;;) {
    const answer = await client.next()
    if (!startLine(answer).startsWith('SIP/2.0 1')) return answer
  }
}
