/** A client of the API that is told off neither reads nor closes: its connection ends all the same. */
import { test } from 'node:test'
import { tcpConnect } from '../support/listening.js'
import { startScene } from '../support/scene.js'
import { until } from '../support/wait.js'

test('the connection is closed soon after the answer', async (t) => {
  const scene = await startScene(t)
  const socket = await tcpConnect(t, Number(new URL(scene.gateway.apiUrl).port))
  socket.pause().write('this is not HTTP\r\n\r\n')
  // What is written to a connection that is gone comes back as a reset.
  await until('a reset', () => {
    socket.write('.')
    return socket.destroyed
  })
})
