/** `hep_id` of `proto_hep`: `[name] host:port; transport=tcp; version=3` → the same without its spaces. */
import { isLoopback } from '../../base/address.js'
import type { Draft } from './draft.js'
import type { Notes } from './notes.js'
import type { Modparam } from './statements.js'

export function addHepId({ value, at }: Modparam, draft: Draft, notes: Notes): void {
  const [, name = '', rest = ''] = /^\s*\[([^\]]*)\]\s*(.*)$/s.exec(value) ?? []
  const [address = '', ...params] = rest.split(';').map((part) => part.replace(/\s+/g, ''))
  if (name === '' || address === '') {
    notes.add(at, 'hep_id without a name or an address is left out')
    return
  }
  const written = new Map(params.filter((param) => param !== '').map(asPair))
  const version = written.get('version') ?? '3'
  // OpenSIPS falls back to UDP with these, whatever transport it is told
  if (version !== '3') written.set('transport', 'udp').set('version', '3')
  const transport = written.get('transport')?.toLowerCase() ?? 'tcp'
  draft.hep_id.push([`[${name}]${address}`, ...[...written].map((pair) => pair.join('='))].join(';'))
  if (version !== '3')
    notes.add(at, `hep_id ${name}: HEP version ${version} carries no TLS events, written is version 3`)
  if (transport === 'tls') notes.add(at, `hep_id ${name}: the collector is verified; ;ca_list=FILE says by which CA`)
  else if (!isLoopback(address.replace(/:\d+$|[[\]]/g, ''))) {
    notes.add(at, `hep_id ${name}: key material is sent over TLS and to this machine only, unless it says ;secrets=1`)
  }
}

function asPair(param: string): [name: string, value: string] {
  const [name = '', ...value] = param.split('=')
  return [name.toLowerCase(), value.join('=')]
}
