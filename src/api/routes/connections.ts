/** The live connections: the list, and the end of one. Key material is never part of an answer. */
import type { FastifyInstance } from 'fastify'
import { endpointText } from '../../base/address.js'
import type { CertificateFacts } from '../../base/facts.js'
import type { GatewayView } from '../../base/ports.js'
import { caller } from '../auth.js'
import { HttpProblem } from '../errors.js'
import { indented } from '../layout.js'
import type { Ports } from '../ports.js'
import { answer, Connections } from '../schemas.js'

const tags = ['connections']

export function connectionRoutes(app: FastifyInstance, { view, control }: Ports): void {
  app.get(
    '/api/v1/connections',
    {
      schema: {
        tags,
        summary: 'The live connections, newest last',
        response: answer(200, Connections, 'the connections'),
      },
      onSend: indented,
    },
    async () => ({ connections: (await view.connections()).map(connectionBody) }),
  )

  app.delete<{ Params: { conn_id: string } }>(
    '/api/v1/connections/:conn_id',
    {
      schema: {
        tags,
        summary: 'Close a connection',
        params: {
          type: 'object',
          properties: { conn_id: { type: 'string', description: '64-bit number in decimal' } },
        },
        response: answer(204, undefined, 'it is being closed'),
      },
    },
    async (request, reply) => {
      const found = await control.closeConnection(request.params.conn_id, caller(request))
      if (!found) throw new HttpProblem(404, 'there is no such connection')
      return reply.code(204).send()
    },
  )
}

type LiveConnection = Awaited<ReturnType<GatewayView['connections']>>[number]

function connectionBody(facts: LiveConnection) {
  return {
    conn_id: facts.id,
    direction: facts.direction,
    transport: facts.transport,
    side: facts.side,
    local: endpointText(facts.local),
    peer: endpointText(facts.peer),
    proxied_by: facts.proxiedBy && endpointText(facts.proxiedBy),
    opened_at: new Date(facts.openedMicros / 1000).toISOString(),
    domain: facts.domain,
    tls_version: facts.tls?.version,
    tls_cipher: facts.tls?.cipher,
    tls_sni: facts.sni,
    tls_alpn: facts.tls?.alpn,
    tls_resumed: facts.tls?.resumed,
    tls_group: facts.tls?.group,
    ja4: facts.hello?.ja4,
    verify: facts.tls?.verify,
    own_certificate: facts.ownCertificate && certificateBody(facts.ownCertificate),
    peer_certificate: facts.peerCertificate && certificateBody(facts.peerCertificate),
    peer_identities: facts.peerIdentities,
    trusted: facts.trusted,
    connect_ms: facts.connectMs,
    handshake_ms: facts.handshakeMs,
    bytes_in: facts.bytesIn,
    bytes_out: facts.bytesOut,
    msgs_in: facts.messagesIn,
    msgs_out: facts.messagesOut,
    relayed_to: facts.relayedTo,
  }
}

function certificateBody({ subject, issuer, serial, san, notBefore, notAfter, sha256 }: CertificateFacts) {
  return { subject, issuer, serial, san, not_before: notBefore, not_after: notAfter, sha256 }
}
