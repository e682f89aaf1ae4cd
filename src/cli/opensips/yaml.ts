/** A draft as the YAML file that people go on editing: what differs from the defaults, with reasons as comments. */
import { stringify } from 'yaml'
import { type Draft, isDefault, type Section } from './draft.js'

/** `header`: lines at its top. `place` names a line of the source. */
export function yamlText(draft: Draft, header: readonly string[], place: (at: number) => string): string {
  const { socket, proto_hep, hep_id, server_domain, client_domain, routes, limits, log } = draft
  const sections = [
    section('socket', socket),
    section('log', changed('log', log)),
    protoTls(draft),
    section('proto_hep', { ...(hep_id.length > 0 && { hep_id }), ...changed('proto_hep', proto_hep) }),
    section('tls_mgm', {
      ...(server_domain.length > 0 && { server_domain }),
      ...(client_domain.length > 0 && { client_domain }),
    }),
    section('routes', routes),
    section('relay', { mode: 'edge', ...changed('relay', draft.relay) }) + upstreams(draft, place),
    section('limits', changed('limits', limits)),
  ]
  return [comment(header), ...sections.filter((text) => text !== '')].join('\n')
}

function section(key: string, value: object): string {
  if (Object.keys(value).length === 0) return ''
  return stringify({ [key]: value }, { lineWidth: 0, blockQuote: 'literal' })
}

function changed(name: string, settings: Section): Section {
  return Object.fromEntries(Object.entries(settings).filter(([key, value]) => !isDefault([name, key], value)))
}

/** As in OpenSIPS where nothing is written, and too short wherever phones are: they are there to be seen. */
const timeouts: readonly { readonly key: string; readonly better: number; readonly reason: string }[] = [
  { key: 'tls_handshake_timeout', better: 5000, reason: 'too short for phones on mobile networks' },
  { key: 'tls_send_timeout', better: 2000, reason: 'TCP sends a lost packet again only after 200 ms or more' },
]

function protoTls({ proto_tls }: Draft): string {
  const written = { ...changed('proto_tls', proto_tls) }
  for (const { key } of timeouts) written[key] = proto_tls[key] ?? 100
  return timeouts.reduce(
    (text, { key, better, reason }) => {
      if (Number(written[key]) >= better) return text
      return text.replace(new RegExp(`^  ${key}:`, 'm'), `  # ${reason}; better ${better}\n$&`)
    },
    section('proto_tls', written),
  )
}

/** Which of them the gateway is to stand in front of, nobody can read from a script. */
function upstreams({ upstream }: Draft, place: (at: number) => string): string {
  const reasons = ['The SIP servers behind the gateway. Without any, a built-in responder answers.']
  if (upstream.length > 0) reasons.push('The routes sent to these.')
  if (upstream.some(({ uri }) => uri.endsWith('udp'))) reasons.push('Over udp they need a udp socket of the core side.')
  const known = upstream.map(({ uri, at }) => `    #- ${uri} # ${place(at)}\n`)
  return `${comment(reasons).replace(/^/gm, '  ').trimEnd()}\n  upstream:\n${known.join('')}`
}

function comment(lines: readonly string[]): string {
  return lines.map((line) => `${`# ${line}`.trimEnd()}\n`).join('')
}
