/** Rows and messages as the gateway sends them, with only what a test is about spelled out. */
import type { ConnectionDetail, ConnectionRow, MessageView, Sample } from '../../../src/base/live.js'

export function message(n: number, part: Partial<MessageView>): MessageView {
  return {
    n,
    at: '2026-11-23T03:00:00.000000Z',
    micros: n * 1000,
    kind: 'sip',
    transport: 'tls',
    source: '192.0.2.1:5061',
    destination: '192.0.2.2:5061',
    bytes: 1,
    summary: '',
    retransmission: false,
    ...part,
  }
}

export function connection(part: Partial<ConnectionDetail>): ConnectionDetail {
  const row: ConnectionRow = {
    conn_id: '1',
    state: 'open',
    direction: 'in',
    transport: 'tls',
    side: 'edge',
    local: '192.0.2.1:5061',
    peer: '203.0.113.7:40000',
    opened_at: '2026-11-23T03:00:00.000Z',
    peer_identities: [],
    bytes_in: 0,
    bytes_out: 0,
    msgs_in: 0,
    msgs_out: 0,
    users: [],
    traced: false,
  }
  return { ...row, own_chain: [], peer_chain: [], events: [], messages: [], call_ids: [], has_keys: false, ...part }
}

export function sample(t: number, part: Partial<Sample> = {}): Sample {
  return {
    t,
    open: 0,
    in_handshake: 0,
    handshakes_ok: 0,
    handshakes_failed: 0,
    failed_by: {},
    opened: 0,
    closed: 0,
    messages: 0,
    messages_lost: 0,
    hep: {},
    loop_ms: 0,
    ...part,
  }
}
