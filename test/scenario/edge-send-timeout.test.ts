/**
 * tls_send_timeout towards a trunk that does not read: what has been written and does not leave for so long breaks the
 * connection, what was on it is counted, and the next request opens another. A longer time waits, and nothing is lost.
 */
import assert from 'node:assert/strict'
import { createServer, connect } from 'node:net'
import { after, test } from 'node:test'
import { clientDomain, sceneCa } from '../support/domains.js'
import { type EdgeCast, startEdgeCast } from '../support/edge-cast.js'
import { assertFailure } from '../support/failure.js'
import { listening } from '../support/listening.js'
import { headerOf, sipRequest } from '../support/sip.js'
import { reached, SipTrunk } from '../support/sip-trunk.js'
import { tempDir } from '../support/tmp.js'
import { until } from '../support/wait.js'

const scope = { after }
const dir = tempDir(scope)
const certificate = sceneCa.issue({ dns: ['trunk.example.com'] })
const bodyBytes = 60_000

function start(tls_send_timeout: number): Promise<EdgeCast> {
  return startEdgeCast(scope, {
    proto_tls: { tls_send_timeout },
    tls_mgm: { client_domain: [clientDomain(dir, 0, { match_ip_address: ['*'] })] },
  })
}

/** What two ends of a loopback connection hold between them while nobody reads. */
async function bufferBytes(): Promise<number> {
  const server = createServer({ pauseOnConnect: true })
  const socket = connect(await listening(scope, server), '127.0.0.1')
  scope.after(() => void socket.destroy())
  const piece = Buffer.alloc(bodyBytes)
  let taken = 0
  for (let waited = 0; waited < 20; ) {
    const before = taken
    socket.write(piece, () => {
      taken += piece.length
    })
    await new Promise((resolve) => setImmediate(resolve))
    waited = taken > before ? 0 : waited + 1
  }
  return taken
}
