/** Entries of the message store as viewers see them. Read from the bytes when somebody looks, and not kept. */
import { endpointText } from '../../base/address.js'
import type { MessageView, Time } from '../../base/live.js'
import type { ShownText } from './shown-text.js'
import { cseqText, firstLine, readMessage } from './sip-summary.js'
import type { Stored } from './stored.js'

/** Only of an entry that the store still holds. `shown`: its text, where it is asked for. */
export function messageView(entry: Stored, shown: Partial<ShownText> = {}): MessageView {
  const { n, micros, leg, event, callId, page, start, end, retransmission } = entry
  return {
    n,
    at: microTimeOf(micros),
    micros,
    kind: event === undefined ? 'sip' : 'event',
    transport: leg.transport,
    source: endpointText(leg.source),
    destination: endpointText(leg.destination),
    conn_id: leg.connId,
    direction: leg.direction,
    side: leg.side,
    call_id: callId,
    bytes: end - start,
    ...(event === undefined ? sipFields(entry) : { summary: page.toString('utf8', start, end) }),
    retransmission,
    agent: leg.agent,
    text: shown.text,
    text_cut: shown.cut,
  }
}

/** ISO 8601 with µs. */
export function microTimeOf(micros: number): Time {
  const ms = Math.floor(micros / 1000)
  return `${new Date(ms).toISOString().slice(0, -1)}${String(micros - ms * 1000).padStart(3, '0')}Z`
}

function sipFields({ page, start, end }: Stored): Pick<MessageView, 'summary' | 'method' | 'status' | 'cseq'> {
  const message = readMessage(page, start, end)
  return {
    summary: firstLine(message),
    method: message.isRequest ? message.method : undefined,
    status: message.isRequest ? undefined : message.status,
    cseq: cseqText(message),
  }
}
