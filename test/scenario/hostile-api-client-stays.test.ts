/** Clients of the API that are told off neither read nor close: the connections they hold are there for others all the same. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'
import { test } from 'node:test'
import { tcpConnect } from '../support/listening.js'
import { startScene } from '../support/scene.js'
import { until } from '../support/wait.js'

/** as many as the API has at most: 256, and one for each of `live.viewers` */
const connections = 256 + 32

test('the API is back soon', async (t) => {
  const scene = await startScene(t)
  const health = async (): Promise<boolean> => {
    const request = get(`${scene.gateway.apiUrl}/healthz`, { agent: false }) // on a connection of its own
    const [answer] = (await once(request, 'response')) as [IncomingMessage]
    return answer.resume().statusCode === 200
  }
  const port = Number(new URL(scene.gateway.apiUrl).port)
  const sockets = await Promise.all(Array.from({ length: connections }, () => tcpConnect(t, port)))
  await assert.rejects(health())
  for (const socket of sockets) socket.pause().write('this is not HTTP\r\n\r\n')
  await until('the API to answer', health)
})
