/** How commands ask a server over HTTP: whatever it does, there is an answer or a reason, in time. */
import assert from 'node:assert/strict'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { Socket } from 'node:net'
import { json } from 'node:stream/consumers'
import { type TestContext, test } from 'node:test'
import { reach, serverUrl } from '../../../src/cli/reach.js'
import { selfSigned } from '../../support/certificates.js'
import { listening, stalledPort, tcpServer } from '../../support/listening.js'
import { freePort } from '../../support/ports.js'
import { until } from '../../support/wait.js'

const get = { method: 'GET', path: '/x', headers: {} }
const patientMs = 60_000

async function http(t: TestContext, answer: (request: IncomingMessage, response: ServerResponse) => void) {
  return `http://127.0.0.1:${await listening(t, createServer(answer))}`
}

async function tcp(t: TestContext, talk: (socket: Socket) => void): Promise<string> {
  return `http://127.0.0.1:${await tcpServer(t, (socket) => {
    socket.on('error', () => {})
    talk(socket)
  })}`
}

/** Rejects with exactly this sentence. */
function refusal(url: string, reason: string): RegExp {
  return new RegExp(`^Error: no answer from ${url} \\(${reason}\\); look there$`)
}

test('method, path, headers and body arrive, and status and JSON come back', async (t) => {
  let seen: unknown
  const url = await http(t, async (request, response) => {
    const { method, url: path, headers } = request
    seen = { method, path, type: headers['content-type'], mine: headers['x-mine'], body: await json(request) }
    response.writeHead(418).end('{"a":"ü"}')
  })
  const question = { method: 'PUT', path: '/some/path', headers: { 'x-mine': '1' }, body: { é: 1 } }
  assert.deepEqual(await reach(url, question, 'look there'), { status: 418, body: { a: 'ü' } })
  assert.deepEqual(seen, { method: 'PUT', path: '/some/path', type: 'application/json', mine: '1', body: { é: 1 } })
})

test('an answer that is no JSON has a status', async (t) => {
  const url = await http(t, (_, response) => response.writeHead(502).end('<html>'))
  assert.deepEqual(await reach(url, get, 'look there'), { status: 502, body: undefined })
})

test('no connection is kept', async (t) => {
  let open = 0
  const url = await tcp(t, (socket) => {
    open++
    socket.on('close', () => open--)
    socket.on('data', () => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}'))
  })
  await reach(url, get, 'look there', patientMs)
  await until('the end of the connection', () => open === 0)
})

for (const [what, talk] of [
  ['accepts and closes', (socket: Socket) => socket.destroy()],
  ['reads and closes', (socket: Socket) => socket.once('data', () => socket.end())],
  ['resets', (socket: Socket) => socket.once('data', () => socket.resetAndDestroy())],
  [
    'breaks off its answer',
    (socket: Socket) => socket.once('data', () => socket.end(`${headOf('Content-Length: 9')}{}`)),
  ],
  [
    'changes to another protocol',
    (socket: Socket) =>
      socket.once('data', () => socket.write('HTTP/1.1 101 Now\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n')),
  ],
] as const) {
  test(`a server that ${what} has closed the connection`, async (t) => {
    const url = await tcp(t, talk)
    await assert.rejects(reach(url, get, 'look there', patientMs), refusal(url, 'it closed the connection'))
  })
}

for (const [what, talk] of [
  ['says nothing', (socket: Socket) => socket.resume()],
  ['drips its head', (socket: Socket) => drip(socket, 'HTTP/1.1 200 OK\r\nX: ', 'x')],
  ['says 102 for ever', (socket: Socket) => drip(socket, '', 'HTTP/1.1 102 Processing\r\n\r\n')],
  ['drips its body', (socket: Socket) => drip(socket, headOf('Content-Length: 100000'), ' ')],
  ['never ends its chunks', (socket: Socket) => drip(socket, headOf('Transfer-Encoding: chunked'), '1\r\n \r\n')],
] as const) {
  test(`a server that ${what} is left after a time, which the body is part of`, async (t) => {
    let closed = false
    const url = await tcp(t, (socket) => {
      socket.on('close', () => {
        closed = true
      })
      talk(socket)
    })
    await assert.rejects(reach(url, get, 'look there', 100), refusal(url, 'none within 100ms'))
    await until('the end of the connection', () => closed)
  })
}

test('a server that does not accept is left after a time', async (t) => {
  const url = `http://127.0.0.1:${await stalledPort(t)}`
  await assert.rejects(reach(url, get, 'look there', 100), refusal(url, 'none within 100ms'))
})

test('an answer without end is left at 16 MB', async (t) => {
  const chunk = Buffer.alloc(1024 * 1024, ' ')
  let sent = 0
  const url = await tcp(t, (socket) => {
    const more = () => {
      while (!socket.destroyed && socket.write(chunk)) sent++
    }
    socket.once('data', () => {
      socket.write(headOf('Connection: close'))
      socket.on('drain', more)
      more()
    })
  })
  await assert.rejects(reach(url, get, 'look there', patientMs), refusal(url, 'one of more than 16 MB'))
  assert.ok(sent < 64, `${sent} MB`)
})

for (const [what, bytes] of [
  ['something else', 'SSH-2.0-OpenSSH_9\r\n'],
  ['a head of 64 kB', headOf(`X: ${'x'.repeat(65_536)}`)],
] as const) {
  test(`a server that says ${what} does not speak HTTP`, async (t) => {
    const url = await tcp(t, (socket) => socket.once('data', () => socket.write(bytes)))
    await assert.rejects(reach(url, get, 'look there', patientMs), refusal(url, 'it does not speak HTTP'))
  })
}

for (const status of [301, 302, 303, 307, 308]) {
  test(`a redirect by ${status} is not followed, and told where to in one harmless line`, async (t) => {
    const location = `http://other/${'x'.repeat(1000)}`
    const url = await http(t, (_, response) => response.writeHead(status, { location }).write('…'))
    await assert.rejects(
      reach(url, get, 'look there', patientMs),
      refusal(url, `it redirects to http://other/x{${300 - 'it redirects to http://other/'.length}}`),
    )
  })
}

test('nobody there, TLS where none is spoken, and a certificate of nobody are told apart', async (t) => {
  const gone = `http://127.0.0.1:${await freePort()}`
  await assert.rejects(reach(gone, get, 'look there'), /\(connect ECONNREFUSED /)
  const clear = (await http(t, (_, response) => response.end())).replace('http:', 'https:')
  await assert.rejects(reach(clear, get, 'look there'), refusal(clear, 'it does not speak TLS'))
  const { certPem, keyPem } = selfSigned({ dns: ['localhost'] })
  const strange = `https://127.0.0.1:${await listening(t, createTlsServer({ cert: certPem, key: keyPem }))}`
  await assert.rejects(
    reach(strange, get, 'look there'),
    new RegExp(`^Error: ${strange}: self-signed certificate; NODE_EXTRA_CA_CERTS=FILE names a CA to trust$`),
  )
})

test('a header that cannot be sent is not repeated', async (t) => {
  const url = await http(t, (_, response) => response.end())
  const headers = { authorization: 'Bearer a\u001b[31mb\nc' }
  await assert.rejects(
    reach(url, { ...get, headers }, 'look there'),
    refusal(url, 'Invalid character in header content .*'),
  )
})

for (const [given, meant] of [
  ['http://homer:9080', 'http://homer:9080'],
  ['HTTPS://Homer.Example/', 'https://homer.example'],
  ['http://[::1]:9080/some/path//', 'http://[::1]:9080/some/path'],
] as const) {
  test(`the server ${given} is ${meant}`, () => assert.equal(serverUrl(given), meant))
}

for (const url of [
  '',
  'homer:9080',
  'ftp://homer',
  'http://',
  'http://a@homer',
  'http://a:b@homer',
  'http://homer/?x=1',
  'http://homer/#x',
]) {
  test(`the server ${url || 'of no name'} is none`, () => assert.throws(() => serverUrl(url), { name: 'UsageError' }))
}

function headOf(header: string): string {
  return `HTTP/1.1 200 OK\r\n${header}\r\n\r\n`
}

function drip(socket: Socket, head: string, drop: string): void {
  socket.write(head)
  const timer = setInterval(() => socket.write(drop), 5)
  socket.on('close', () => clearInterval(timer))
}
