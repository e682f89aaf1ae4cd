/**
 * JSON-RPC 2.0, for the OpenAPI document only: mi.ts reads and writes these itself, since their errors are not
 * problem documents.
 */
import Type from 'typebox'
import { named } from './schema.js'

const RpcId = Type.Union([Type.String(), Type.Number(), Type.Null()])

const RpcRequest = Type.Object({
  jsonrpc: Type.Literal('2.0'),
  method: Type.String({ examples: ['which', 'tls_trace', 'get_statistics'] }),
  params: Type.Optional(
    Type.Union([Type.Array(Type.Unknown()), Type.Record(Type.String(), Type.Unknown())], {
      examples: [{}, ['on'], { trace_mode: 'on' }],
    }),
  ),
  id: Type.Optional(RpcId),
})

const RpcResponse = Type.Object({
  jsonrpc: Type.Literal('2.0'),
  result: Type.Optional(Type.Unknown()),
  error: Type.Optional(
    Type.Object({ code: Type.Integer(), message: Type.String(), data: Type.Optional(Type.String()) }),
  ),
  id: RpcId,
})

export const MiRequest = named('MiRequest', Type.Union([RpcRequest, Type.Array(RpcRequest)]))
export const MiResponse = named('MiResponse', Type.Union([RpcResponse, Type.Array(RpcResponse)]))
