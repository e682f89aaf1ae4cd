/** The body of every error (RFC 9457). */
import Type from 'typebox'
import { named } from './schema.js'

export const Problem = named(
  'Problem',
  Type.Object(
    {
      type: Type.String({ examples: ['about:blank'] }),
      title: Type.String(),
      status: Type.Integer(),
      detail: Type.String(),
      instance: Type.Optional(Type.String({ description: 'the path that was asked for' })),
      errors: Type.Optional(
        Type.Array(
          Type.Object({
            pointer: Type.Optional(Type.String({ description: 'JSON pointer into the body' })),
            line: Type.Optional(Type.Integer({ description: 'line of a route text, from 1' })),
            column: Type.Optional(Type.Integer()),
            detail: Type.String(),
          }),
        ),
      ),
      reasons: Type.Optional(Type.Array(Type.String(), { description: 'of /readyz: what is missing' })),
    },
    { description: 'RFC 9457' },
  ),
)
