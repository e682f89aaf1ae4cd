/**
 * Who should not be there or cannot get in: each of them comes again and again, and fails for a cause of its own. They
 * take whatever the gateway does to them, and go when it has done it.
 */
import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import type { ConnectionOptions } from 'node:tls'
import { daysFromNow, type TestCa } from '../support/certificates.js'
import { sipRequest } from '../support/sip.js'
import { type Balancer, balanced, throughBalancer } from './phone.js'

interface Stray {
  readonly ip: string
  readonly everyMs: number
  /** what it says instead of shaking hands; else it shakes hands so */
  readonly says?: Buffer | string
  readonly tls?: ConnectionOptions
}

/** A visit that is not over by then is ended: longer than the gateway waits for a handshake. */
const visitMs = 15_000

/** The first bytes of a ClientHello of which no more comes. */
const beginningOfHello = Buffer.from('16030101fc010001f80303', 'hex')

function strays(ca: TestCa): Stray[] {
  const expired = ca.issue({
    cn: 'door-intercom.example.com',
    notAfter: daysFromNow(-12),
    notBefore: daysFromNow(-377),
  })
  return [
    // Node 20 and later speak TLS 1.0 only below security level 1.
    {
      ip: '203.0.113.77',
      everyMs: 32_000,
      tls: { servername: 'sip.example.com', minVersion: 'TLSv1', maxVersion: 'TLSv1', ciphers: 'DEFAULT@SECLEVEL=0' },
    },
    {
      ip: '203.0.113.81',
      everyMs: 44_000,
      tls: { servername: 'sip.example.com', cert: expired.chainPem, key: expired.keyPem },
    },
    { ip: '198.51.100.23', everyMs: 61_000, says: sipRequest({ method: 'REGISTER', uri: 'sip:example.com' }) },
    {
      ip: '192.0.2.200',
      everyMs: 73_000,
      says: 'GET /admin/config.php HTTP/1.1\r\nHost: 192.0.2.1\r\nUser-Agent: zgrab/0.x\r\n\r\n',
    },
    { ip: '192.0.2.201', everyMs: 94_000, tls: { servername: 'www.example.org' } },
    { ip: '198.51.100.64', everyMs: 56_000, says: beginningOfHello },
    { ip: '198.51.100.91', everyMs: 107_000, tls: { servername: 'trunks.example.com' } },
  ]
}

/** They come until the demo is over; rejects then. */
export async function letStraysCome(balancer: Balancer, ca: TestCa, over: AbortSignal): Promise<void> {
  await Promise.all(
    strays(ca).map(async (stray, index) => {
      await delay(500 + index * 400, undefined, { signal: over })
      for (;;) {
        await visit(stray, balancer, over)
        await delay(stray.everyMs, undefined, { signal: over })
      }
    }),
  )
}

async function visit({ ip, says, tls }: Stray, balancer: Balancer, over: AbortSignal): Promise<void> {
  const from = { ip, port: 49_152 + Math.floor(Math.random() * 16_000) }
  try {
    const socket =
      says === undefined
        ? (await throughBalancer(balancer, from, tls ?? {}, over)).tcp
        : await balanced(balancer, from, over)
    if (says !== undefined) socket.write(says)
    socket.resume()
    await once(socket, 'close', { signal: AbortSignal.any([over, AbortSignal.timeout(visitMs)]) })
  } catch {
    // refused, which is what it came for; or nobody listens while the gateway restarts
  }
}
