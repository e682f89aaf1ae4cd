/** A carrier over TLS that takes calls to numbers, and goes away from time to time: the flapping trunk. */
import { setTimeout as delay } from 'node:timers/promises'
import { createServer } from 'node:tls'
import type { TestCertificate } from '../support/certificates.js'
import { listening } from '../support/listening.js'
import { mortal, type Scope } from '../support/scope.js'
import { SipStream } from '../support/sip-stream.js'
import { UserAgent } from './user-agent.js'

export interface Flapping {
  readonly upMs: number
  readonly downMs: number
}

/** Listens before this returns what makes it go and come back; that rejects when the demo is over. */
export async function startCarrier(
  scope: Scope,
  certificate: TestCertificate,
  port: number,
  { upMs, downMs }: Flapping,
  over: AbortSignal,
): Promise<() => Promise<never>> {
  let carrier = await open(mortal(scope), certificate, port)
  return async () => {
    for (;;) {
      await delay(upMs, undefined, { signal: over })
      await carrier.end()
      await delay(downMs, undefined, { signal: over })
      carrier = await open(mortal(scope), certificate, port)
    }
  }
}

async function open(scope: ReturnType<typeof mortal>, { chainPem, keyPem }: TestCertificate, port: number) {
  const server = createServer({ cert: chainPem, key: keyPem })
  await listening(scope, server, '127.0.0.1', port)
  server.on('tlsClientError', () => {}) // the gateway tells in its event
  server.on('secureConnection', (socket) => {
    const line = {
      user: 'gateway',
      domain: 'carrier.example',
      product: 'Carrier SBC 9.2',
      address: `127.0.0.1:${port}`,
    }
    new UserAgent(new SipStream(socket), line).habit = { ringMs: 1500, answers: 'yes' }
  })
  return scope
}
