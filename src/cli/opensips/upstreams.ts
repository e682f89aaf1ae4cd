/** Addresses that routes send requests to: who wants to run a gateway in front of them finds them listed. Decides nothing. */
import type { Draft } from './draft.js'
import type { Route } from './statements.js'
import type { Token } from './tokens.js'

export function addUpstreams(routes: readonly Route[], draft: Draft): void {
  for (const { body } of routes) {
    for (const [i, token] of body.entries()) {
      const uri = upstreamUri(destination(body, i))
      if (uri === undefined || draft.upstream.some((known) => known.uri === uri)) continue
      draft.upstream.push({ uri, at: token.start })
    }
  }
}

const sends = /^(?:t_relay|forward|send|rewritehostport|sethostport|rewriteuri|seturi)$/

/** `$du = "…"` and `t_relay("…")`. */
function destination(body: readonly Token[], i: number): string | undefined {
  const [token, next, value] = body.slice(i, i + 3)
  if (value?.kind !== 'text' || next?.kind !== 'symbol') return undefined
  const assigned =
    token!.kind === 'variable' && (token!.value === '$du' || token!.value === '$ru') && next.value === '='
  const sent = token!.kind === 'word' && sends.test(token!.value) && next.value === '('
  return assigned || sent ? value.value : undefined
}

const form = /^(?:(sips?|udp|tcp|tls):)?(?:[^@\s]*@)?([\w-]*[.][\w.-]*|\[[0-9a-f:]+\])(:\d+)?(?:;.*)?$/i

/** As an upstream is written; undefined for what is put together while running, and for what is no address. */
function upstreamUri(text: string | undefined): string | undefined {
  const [whole, scheme = 'sip', host, port = ''] = form.exec(text ?? '') ?? []
  if (whole === undefined || host === undefined) return undefined
  if (/^sips$/i.test(scheme)) return `sips:${host}${port}`
  // OpenSIPS takes UDP where nothing is said, and here that would be TCP
  const transport = /^sip$/i.test(scheme) ? (/;transport=(udp|tcp|tls)\b/i.exec(whole)?.[1] ?? 'udp') : scheme
  return `sip:${host}${port};transport=${transport.toLowerCase()}`
}
