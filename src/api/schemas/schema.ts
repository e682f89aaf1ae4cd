/** What the schemas of all bodies are made of. */
import Type from 'typebox'

/** A schema that others and the OpenAPI document refer to by name. */
export function named<T extends Type.TSchema>($id: string, schema: T): T & { readonly $id: string } {
  return Object.assign(schema, { $id })
}

/** For what comes from outside: nobody should believe they said what was not heard. */
export const closed = { additionalProperties: false } as const

export const counts = (description: string) => Type.Record(Type.String(), Type.Integer(), { description })
export const time = (description: string) => Type.String({ format: 'date-time', description })
export const texts = (description: string) => Type.Array(Type.String(), { description })

/** Lists come in pages. */
export const page = {
  total: Type.Integer({ description: 'of all that match' }),
  next: Type.Optional(Type.String({ description: 'cursor of the next page; absent on the last' })),
}

export const paging = {
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000, default: 100, description: 'at most so many' })),
  cursor: Type.Optional(Type.String({ maxLength: 2000, description: '`next` of the page before' })),
}

export const searchText = (description: string, examples: string[]) =>
  Type.Optional(Type.String({ maxLength: 1000, description, examples }))

/** How long something lasts, as in a request: 90s, 10m, 1h30m. */
export const duration = (description: string) => Type.Optional(Type.String({ description, examples: ['10m'] }))
