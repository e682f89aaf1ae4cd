/**
 * The files of the dashboard, as they were built, also when they are built anew while the gateway runs. They lie in one
 * folder and their names hold no separator: there is no path to walk out of it by. They hold nothing of this gateway,
 * so they are open.
 */
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { fastifyStatic } from '@fastify/static'
import type { FastifyInstance, FastifyReply } from 'fastify'

/** Where `npm run build` puts them, beside this file when it is compiled. */
export const builtDashboard = fileURLToPath(new URL('../dashboards/live', import.meta.url))

const indexFile = 'index.html'
const open = { config: { scope: 'open' as const }, schema: { hide: true } }
/** A name with the hash of what is in it: the content behind it never changes. */
const hashed = /-[A-Z0-9]{8}\.\w+$/
/** What the build writes; its compressed forms come by Accept-Encoding only. */
const fileName = '^[A-Za-z0-9][A-Za-z0-9_-]*\\.(?:js|css|html|svg|map)$'

const notBuilt = `The dashboard is not there: npm run build makes it.
The API is: see /docs.
`

/** `directory` is absolute. */
export async function dashboardFiles(app: FastifyInstance, directory: string): Promise<void> {
  if (!existsSync(`${directory}/${indexFile}`)) {
    app.get('/', open, (_request, reply) => reply.code(404).type('text/plain; charset=utf-8').send(notBuilt))
    return
  }
  await app.register(fastifyStatic, { serve: false, root: directory, preCompressed: true })
  app.get('/', open, (_request, reply) => sendFile(reply, indexFile))
  app.get<{ Params: { file: string } }>(`/:file(${fileName})`, open, ({ params: { file } }, reply) => {
    if (!existsSync(`${directory}/${file}`)) return reply.callNotFound()
    return sendFile(reply, file)
  })
}

function sendFile(reply: FastifyReply, file: string): FastifyReply {
  // RFC 9110 §12.5.5: a cache between here and the browser has to know
  reply.header('vary', 'accept-encoding')
  if (hashed.test(file)) return reply.sendFile(file, { maxAge: '365d', immutable: true })
  // asked for each time, and answered 304 while its ETag is the same
  return reply.header('cache-control', 'no-cache').sendFile(file, { cacheControl: false })
}
