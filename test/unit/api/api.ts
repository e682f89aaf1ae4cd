/** What the API tests share: the server without a socket, in front of a fake gateway. */
import type { TestContext } from 'node:test'
import type { FastifyInstance } from 'fastify'
import { buildApi } from '../../../src/api/server.js'
import { type Log, silentLog } from '../../../src/base/log.js'
import { FakeGateway } from '../../support/fake-gateway.js'

export async function testApi(
  t: TestContext,
  options: { token?: string; ip?: string; log?: Log } = {},
): Promise<{ api: FastifyInstance; gateway: FakeGateway }> {
  const gateway = new FakeGateway()
  const { token, ip = '127.0.0.1', log = silentLog } = options
  const api = await buildApi({ view: gateway.view, control: gateway.control, log, token, version: '1.2.3' }, ip)
  t.after(() => api.close())
  return { api, gateway }
}
