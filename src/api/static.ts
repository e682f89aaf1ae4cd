/**
 * The files of the dashboard, as they were built. Only what is there when the gateway starts is served, each file by
 * its own path: there is no path to walk out of the directory by. They hold nothing of this gateway, so they are open.
 */
import { existsSync, readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { fastifyStatic } from '@fastify/static'
import type { FastifyInstance } from 'fastify'

/** Where `npm run build` puts them, beside this file when it is compiled. */
export const builtDashboard = fileURLToPath(new URL('../dashboards/live', import.meta.url))

const indexFile = 'index.html'
const open = { config: { scope: 'open' as const }, schema: { hide: true } }
/** A name with the hash of what is in it: the content behind it never changes. */
const hashed = /-[A-Z0-9]{8}\.\w+$/
const compressed = /\.(?:br|gz)$/

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
  for (const path of filesIn(directory)) {
    app.get(path === indexFile ? '/' : `/${path}`, open, (_request, reply) => {
      // RFC 9110 §12.5.5: a cache between here and the browser has to know
      reply.header('vary', 'accept-encoding')
      if (hashed.test(path)) return reply.sendFile(path, { maxAge: '365d', immutable: true })
      // asked for each time, and answered 304 while its ETag is the same
      return reply.header('cache-control', 'no-cache').sendFile(path, { cacheControl: false })
    })
  }
}

function filesIn(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !compressed.test(entry.name))
    .map(({ parentPath, name }) => `${parentPath}/${name}`.slice(directory.length + 1))
}
