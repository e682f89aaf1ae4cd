/** The process may open no more files: clients beyond that are turned away, the others are served, and all is well afterwards. */
import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { test } from 'node:test'
import { runProcess } from '../support/process.js'
import { startScene } from '../support/scene.js'
import type { SipClient } from '../support/sip-client.js'

/** A client takes two descriptors: its own connection and the one to the server. */
const spare = 12
const clients = 20

const prlimit = await runProcess('prlimit', ['--version']).catch(() => undefined)
const skip = prlimit?.code === 0 ? false : 'prlimit (util-linux) is not installed'

test('a gateway out of file descriptors lives on', { skip }, async (t) => {
  const scene = await startScene(t)
  const { pid } = scene.gateway.process
  await scene.client().then((client) => client.close())
  await scene.status('quiet', ({ connections }) => connections.open === 0)
  const inUse = readdirSync(`/proc/${pid}/fd`).length
  const limited = await runProcess('prlimit', ['--pid', String(pid), `--nofile=${inUse + spare}:`])
  assert.equal(limited.code, 0, limited.stderr)
  const connected: SipClient[] = []
  for (let i = 0; i < clients; i++) {
    await scene.client().then(
      (client) => connected.push(client),
      () => {}, // turned away
    )
  }
  assert.ok(connected.length > 0 && connected.length < clients, `${connected.length} clients`)
  const [first] = connected
  assert.match((await first!.request()).answer.toString(), /^SIP\/2\.0 200/)
  await Promise.all(connected.map((client) => client.close().catch(() => {})))
  await scene.status('all gone', ({ connections }) => connections.open === 0 && connections.inHandshake === 0)
  const client = await scene.client()
  assert.match((await client.request()).answer.toString(), /^SIP\/2\.0 200/)
})
