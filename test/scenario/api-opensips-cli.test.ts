/** The switch as opensips-cli turns it: the bytes it sends, recorded from version 0.4.1 (`-x mi tls_trace on`). */
import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { startGatewayProcess } from '../support/gateway-process.js'

function post(body: string, port: number): string {
  return [
    'POST /mi HTTP/1.1',
    'Accept-Encoding: identity',
    `Content-Length: ${body.length}`,
    `Host: 127.0.0.1:${port}`,
    'User-Agent: Python-urllib/3.11',
    'Content-Type: application/json',
    'Connection: close',
    '',
    body,
  ].join('\r\n')
}

test('which, then tls_trace on, then the state', async (t) => {
  const gateway = await startGatewayProcess(t, {})
  const port = Number(new URL(gateway.apiUrl).port)
  const exchange = async (body: string) => {
    const socket = connect(port, '127.0.0.1')
    socket.write(post(body, port))
    const [head, answer] = (await text(socket)).split('\r\n\r\n')
    assert.match(head!, /^HTTP\/1\.1 200 /)
    return answer!
  }
  const which = JSON.parse(await exchange('{"jsonrpc": "2.0", "id": "7621", "method": "which", "params": {}}'))
  assert.equal(which.id, '7621')
  // it runs no command that is not in this list
  for (const command of ['tls_trace', 'get_statistics', 'list_tcp_conns', 'tls_list', 'which']) {
    assert.ok(which.result.includes(command), command)
  }
  assert.equal(
    await exchange('{"jsonrpc": "2.0", "id": "29579", "method": "tls_trace", "params": ["on"]}'),
    '{"jsonrpc":"2.0","result":"OK","id":"29579"}',
  )
  assert.equal(
    await exchange('{"jsonrpc": "2.0", "id": "28984", "method": "tls_trace", "params": {}}'),
    '{"jsonrpc":"2.0","result":{"TLS tracing":"on"},"id":"28984"}',
  )
  assert.equal((await gateway.status()).trace.trace_mode, 'on')
})
