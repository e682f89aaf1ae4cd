/** Carriers without a socket, for the tests of what stands on one: they keep what they are told, and say nothing. */
import type { ConnectionFacts, Side, Transport } from '../../../src/base/facts.js'
import { FlowTokens } from '../../../src/relay/flow.js'
import { type Carrier, Leg, type LegListener } from '../../../src/relay/leg.js'
import { OwnName } from '../../../src/relay/own-name.js'

export interface CarrierFields {
  readonly id?: string
  readonly side?: Side
  readonly transport?: Transport
  readonly direction?: 'in' | 'out'
  readonly localPort?: number
  readonly peerIp?: string
  readonly peerPort?: number
  readonly identities?: readonly string[]
}

export class PlayedCarrier implements Carrier {
  readonly facts: ConnectionFacts
  state: Carrier['state'] = 'open'
  readonly unsentBytes = 0
  readonly callIdStart = 0
  readonly callIdEnd = 0
  paused = false
  /** as often as it was told to, one way or the other */
  turns = 0
  /** why it was failed, cause by cause */
  readonly failures: string[] = []
  readonly written: string[] = []
  /** those of what was written that are yet to be told */
  readonly whenTaken: (() => void)[] = []

  constructor(fields: CarrierFields = {}) {
    const { id = '1', side = 'edge', transport = 'tls', direction = 'in' } = fields
    const { localPort = 5061, peerIp = '203.0.113.7', peerPort = 40_000, identities = [] } = fields
    this.facts = {
      id,
      direction,
      transport,
      side,
      local: { ip: '192.0.2.1', port: localPort },
      peer: { ip: peerIp, port: peerPort },
      peerIdentities: identities,
    } as unknown as ConnectionFacts
  }

  write(bytes: Buffer, _messages: number, whenTaken?: () => void): boolean {
    if (this.state !== 'open') return false
    this.written.push(bytes.toString('latin1'))
    if (whenTaken !== undefined) this.whenTaken.push(whenTaken)
    return true
  }

  pause(): void {
    this.paused = true
    this.turns++
  }

  resume(): void {
    this.paused = false
    this.turns++
  }

  fail({ cause }: { readonly cause: string }): void {
    this.failures.push(cause)
  }

  end(): void {}
}

export const tokens = new FlowTokens('the secret of this test')
export const nobody: LegListener = { received() {} }

/** One that we listen for at sip.example.com, or at 10.0.0.4 on the core side. */
export function played(fields: CarrierFields = {}, listening = true): Leg {
  const carrier = new PlayedCarrier(fields)
  const { side, transport, local } = carrier.facts
  const host = side === 'edge' ? 'sip.example.com' : '10.0.0.4'
  return new Leg(carrier, new OwnName({ host, port: local.port }, transport, listening, false), tokens, nobody)
}
