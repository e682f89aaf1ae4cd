/** Clients of the API that are told off neither read nor close: the connections they hold are there for others all the same. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { tcpConnect } from '../support/listening.js'
import { startScene } from '../support/scene.js'
import { until } from '../support/wait.js'

/** as many as the API has at most */
const connections = 256

test('the API is back soon', async (t) => {
  const scene = await startScene(t)
  const health = async () => (await fetch(`${scene.gateway.apiUrl}/healthz`)).ok
  const port = Number(new URL(scene.gateway.apiUrl).port)
  const sockets = await Promise.all(Array.from({ length: connections }, () => tcpConnect(t, port)))
  await assert.rejects(health)
  for (const socket of sockets) socket.pause().write('this is not HTTP\r\n\r\n')
  await until('the API to answer', health)
})
