/**
 * The headers every answer has, whatever it says: a browser is told to believe nothing but our own files, to keep
 * nothing and to pass nothing on. There is no CORS header: other origins get nothing.
 */
import type { FastifyInstance } from 'fastify'

/** For the dashboard, and for whatever else a browser is made to show. */
export const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "font-src 'self'",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

const always = {
  // a route whose answers may be kept says so itself
  'cache-control': 'no-store',
  'content-security-policy': contentSecurityPolicy,
  'cross-origin-embedder-policy': 'require-corp',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()',
  // the path of a page may name a call
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
}

/** RFC 6797 §6.1; without includeSubDomains, which is not for one server of many to say. */
const strictTransport = { 'strict-transport-security': 'max-age=31536000' }

export function setHeaders(app: FastifyInstance, secure: boolean): void {
  const headers = secure ? { ...always, ...strictTransport } : always
  app.addHook('onRequest', async (_request, reply) => {
    reply.headers(headers)
  })
}
