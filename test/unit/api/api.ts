/** What the API tests share: the server without a socket, in front of a fake gateway. */
import type { TestContext } from 'node:test'
import type { FastifyInstance } from 'fastify'
import { type ApiOptions, type BuiltApi, buildApi } from '../../../src/api/server.js'
import { type Log, silentLog } from '../../../src/base/log.js'
import { FakeGateway } from '../../support/fake-gateway.js'

export interface TestApiOptions extends Partial<Omit<ApiOptions, 'view' | 'control'>> {
  /** where it would listen */
  readonly ip?: string
  readonly log?: Log
  readonly gateway?: FakeGateway
}

export async function testApi(
  t: TestContext,
  options: TestApiOptions = {},
): Promise<BuiltApi & { api: FastifyInstance; gateway: FakeGateway }> {
  const gateway = options.gateway ?? new FakeGateway()
  const built = await buildApi({ ...apiOptions(gateway), ...options }, options.ip ?? '127.0.0.1')
  t.after(() => built.app.close())
  return { ...built, api: built.app, gateway }
}

/** An API that asks for no token, without TLS. */
export function apiOptions({ view, control }: FakeGateway): ApiOptions {
  return {
    view,
    control,
    log: silentLog,
    version: '1.2.3',
    viewers: 4,
    peerKey: (ip) => ip,
    token: undefined,
    tokens: [],
    rate_limit: 0,
    identity: undefined,
  }
}
