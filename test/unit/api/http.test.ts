/** Answers that go on: a quiet one is left alone, one that nobody reads is ended, and closing ends them all. */
import assert from 'node:assert/strict'
import { EventEmitter, once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { type TestContext, test } from 'node:test'
import { type FastifyInstance, fastify } from 'fastify'
import { allowQuietStreams, closeGently } from '../../../src/api/http.js'

/** Short enough to be waited for. */
const idleTimeoutMs = 50
/** The system takes some megabytes for who does not read. */
const moreThanFitsBytes = 32 * 1024 * 1024

/** A server whose only answer goes on until the test ends it, and a client that has asked for it. */
async function streaming(t: TestContext): Promise<{ app: FastifyInstance; client: Socket; answer: ServerResponse }> {
  const app = fastify({ forceCloseConnections: 'idle' })
  allowQuietStreams(app)
  app.server.setTimeout(idleTimeoutMs)
  const answering = new EventEmitter()
  app.get('/', (_request, reply) => {
    reply.hijack()
    reply.raw.writeHead(200, { connection: 'close' })
    reply.raw.flushHeaders()
    answering.emit('answer', reply.raw)
  })
  await app.listen({ host: '127.0.0.1', port: 0 })
  t.after(() => app.close())
  const client = connect((app.server.address() as AddressInfo).port, '127.0.0.1')
  t.after(() => client.destroy())
  client.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')
  const [answer] = (await once(answering, 'answer')) as [ServerResponse]
  return { app, client, answer }
}

test('a stream that has nothing to say for longer than the idle time goes on after it', async (t) => {
  const { client, answer } = await streaming(t)
  const received = text(client)
  await once(answer, 'timeout')
  answer.write('there is ')
  await once(answer, 'timeout')
  answer.end('something')
  assert.match(await received, /there is .*something/s)
})

test('a client that does not read what it was sent is let go', async (t) => {
  const { client, answer } = await streaming(t)
  client.pause()
  const closed = once(answer, 'close')
  answer.write(Buffer.alloc(moreThanFitsBytes))
  await closed
  assert.equal(answer.writableFinished, false)
})

test('closing the API ends its streams', async (t) => {
  const { app, client } = await streaming(t)
  client.resume().on('error', () => {}) // a reset is an end too
  const ended = new Promise((resolve) => client.once('close', resolve))
  await closeGently(app)
  await ended
})
