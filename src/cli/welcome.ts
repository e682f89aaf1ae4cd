/** What `hepgate run` prints once it runs: what listens where, and commands to try next that fit this configuration. */
import { basename, relative } from 'node:path'
import { endpointText } from '../base/address.js'
import type { Config } from '../config/types.js'

export function welcome(version: string, config: Config, listening: readonly string[], self = ownCommand()): string {
  const lines = [`hepgate ${version} is ready`, ...listening.map((line) => `  ${line}`), '', 'try next']
  const tls = config.socket.find((socket) => socket.transport === 'tls')
  if (tls !== undefined) {
    lines.push(`  printf '${sipOptions}' | openssl s_client -quiet -connect ${reachable(tls)}`)
  }
  const { listen } = config.api
  if (listen !== undefined) {
    const url = `http://${reachable(listen)}`
    lines.push(`  ${self} trace status${url === defaultUrl ? '' : ` --url ${url}`}`)
    lines.push(
      `  curl -s ${config.api.token === undefined ? '' : '-H "Authorization: Bearer $TOKEN" '}${url}/api/v1/status`,
    )
  }
  return `${lines.join('\n')}\n`
}

/** Where a command looks for the API when nobody says. */
export const defaultUrl = 'http://127.0.0.1:8080'

/** A whole request for `printf`: RFC 3261 §8.1.1 names the fields. */
const sipOptions = [
  'OPTIONS sip:hello@localhost SIP/2.0',
  'Via: SIP/2.0/TLS localhost;branch=z9hG4bK-hello',
  'Max-Forwards: 70',
  'From: <sip:me@localhost>;tag=1',
  'To: <sip:hello@localhost>',
  'Call-ID: hello-1',
  'CSeq: 1 OPTIONS',
  'Content-Length: 0',
  '',
  '',
].join('\\r\\n')

/** An address one can connect to: "all addresses" is none. */
function reachable({ ip, port }: { readonly ip: string; readonly port: number }): string {
  return endpointText({ ip: ip === '0.0.0.0' ? '127.0.0.1' : ip === '::' ? '::1' : ip, port })
}

/** How this program was called, so that the line can be pasted. */
function ownCommand(): string {
  const script = process.argv[1] ?? 'hepgate'
  return basename(script) === 'main.js' ? `node ${relative(process.cwd(), script)}` : basename(script)
}
