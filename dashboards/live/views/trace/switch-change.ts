/** What a person wants of the switch, and asking the gateway for it. */
import type { TraceStatus } from '../../../../src/base/status.js'
import { api } from '../../net/api.js'
import { board } from '../../state/live.js'
import { toast } from '../../state/toasts.js'
import { type ScopeText, scopeOf, scopeText } from './scope.js'

export interface Wanted {
  /** `10m`; undefined: until somebody switches it off */
  readonly for: string | undefined
  /** connections that are open already, too */
  readonly existing: boolean
  readonly scope: ScopeText
}

/** Long enough to reproduce something, short enough to be forgotten. */
const usual = '10m'

/** Phones stay connected for hours: who asks for one of them means the connection it has. */
export function wantedOf({ scope }: TraceStatus): Wanted {
  return { for: usual, existing: true, scope: scopeText(scope) }
}

/** The same for so much longer; who was left out stays out. */
export function longer(status: TraceStatus, seconds: number): Wanted {
  return { ...wantedOf(status), for: `${Math.max(0, status.secondsLeft ?? 0) + seconds}s`, existing: false }
}

/** undefined: off. Throws ApiError. */
export async function putSwitch(wanted: Wanted | undefined): Promise<void> {
  const status = await api.put<TraceStatus>('/tls_trace', bodyOf(wanted))
  if (board.value !== undefined) board.value = { ...board.value, status }
  toast(wanted === undefined ? 'Tracing is off.' : 'Tracing is on.', wanted === undefined ? 'info' : 'good')
}

function bodyOf(wanted: Wanted | undefined): object {
  if (wanted === undefined) return { trace_mode: 'off' }
  const { existing, scope } = wanted
  // what is undefined does not get into the JSON
  return { trace_mode: 'on', for: wanted.for, existing, scope: scopeOf(scope) }
}
