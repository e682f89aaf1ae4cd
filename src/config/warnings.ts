/**
 * What of a good configuration is probably not meant, with its place in the file. Nothing is refused for it:
 * `hepgate check` says it, and the gateway runs.
 */
import { LineCounter, parseDocument } from 'yaml'
import { type Problem, Problems } from './problems.js'
import type { Config, SocketConfig } from './types.js'

/** `text`: what `config` was read from. */
export function configWarnings(config: Config, text: string): readonly Problem[] {
  const lines = new LineCounter()
  const warnings = new Problems(parseDocument(text, { lineCounter: lines }), lines)
  warnOfOpenCore(config, warnings)
  warnOfOneWay(config, warnings)
  return warnings.sorted()
}

/** Edge mode believes what comes from the core side, and a clear socket asks nobody who they are. */
function warnOfOpenCore({ socket }: Config, warnings: Problems): void {
  socket.forEach((s, i) => {
    if (!isCore(s) || s.transport === 'tls' || (s.ip !== '0.0.0.0' && s.ip !== '::')) return
    const advice = 'listen on an address that only your servers can reach'
    warnings.add(['socket', i], `whoever reaches it is believed to be one of your servers: ${advice}`)
  })
}

/** Requests of the core go to phones over what connections there are, or over those it can open to us. */
function warnOfOneWay({ socket, relay }: Config, warnings: Problems): void {
  if (!socket.some((s) => s.relay === 'edge')) return
  const open = new Set(socket.filter(isCore).map((s) => s.transport))
  relay.upstream.forEach(({ transport }, i) => {
    if (open.has(transport)) return
    open.add(transport) // told once
    const example = transport === 'tls' ? '{ socket: "tls:IP:5071", side: core }' : `${transport}:IP:5060`
    const what = `servers can reach phones only over connections the gateway opened to them`
    warnings.add(['relay', 'upstream', i], `no ${transport} socket on the core side: ${what}; add ${example}`)
  })
}

function isCore({ side, relay }: SocketConfig): boolean {
  return side === 'core' && relay === 'edge'
}
