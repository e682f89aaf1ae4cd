/** A client changes its TLS 1.3 keys again and again and says nothing: each change costs us more than it. */
import { once } from 'node:events'
import { test } from 'node:test'
import { startScene } from '../support/scene.js'
import { sipRequest } from '../support/sip.js'
import { tappedClient } from '../support/tapped-tls.js'
import { ClientRecords, contentTypes, suite } from '../support/tls13-records.js'
import { until } from '../support/wait.js'

const updates = 20_000

test('a flood of key updates ends the connection', async (t) => {
  const scene = await startScene(t)
  const { tcp, tls } = await tappedClient(t, scene.port, { ciphers: suite, minVersion: 'TLSv1.3' })
  const keylog: string[] = []
  tls.on('keylog', (line: Buffer) => keylog.push(line.toString()))
  await once(tls, 'secureConnect')
  await scene.event('ACCEPTED', { Status: 'SUCCESS' })
  const records = new ClientRecords(keylog)
  tcp.write(records.record(contentTypes.applicationData, sipRequest()))
  await until('the request at the server', () => scene.server.requests.length)
  tcp.write(Buffer.concat(Array.from({ length: updates }, () => records.keyUpdate(true))))
  await scene.event('ERROR', { cause: 'tls-protocol-error' })
})
