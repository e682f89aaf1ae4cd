/** Wireshark's tshark, with its default preferences and no keys, reads our captures: SIP in the right order, no warnings. */

import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import type { Endpoint } from '../../src/base/address.js'
import type { ConnectionRow, TimelineEntry } from '../../src/base/live.js'
import { silentLog } from '../../src/base/log.js'
import { Observers } from '../../src/base/observers.js'
import type { CaptureSources } from '../../src/live/capture/capture.js'
import { Captures } from '../../src/live/capture/captures.js'
import type { RawMessage } from '../../src/live/messages/stored.js'
import { Walks } from '../../src/live/walks.js'
import { lacks, peer } from '../support/peers.js'
import { runProcess } from '../support/process.js'
import { tempDir } from '../support/tmp.js'

const noon = Date.UTC(2026, 0, 31, 12) * 1000
const phone = { ip: '203.0.113.9', port: 50412 }
const edge = { ip: '192.0.2.1', port: 5061 }
const core = { ip: '10.0.0.1', port: 41000 }
const registrar = { ip: '10.0.0.2', port: 5060 }
const phone6 = { ip: '2001:db8::9', port: 50412 }
const edge6 = { ip: '2001:db8::1', port: 443 }
const other = { ip: '10.0.0.3', port: 5060 }

const row: ConnectionRow = {
  conn_id: '1',
  state: 'closed',
  direction: 'in',
  transport: 'tls',
  side: 'edge',
  local: '192.0.2.1:5061',
  peer: '203.0.113.9:50412',
  opened_at: '2026-01-31T11:59:59.000Z',
  tls_version: 'TLSv1.3',
  tls_cipher: 'TLS_AES_256_GCM_SHA384',
  tls_sni: 'sip.example.com',
  peer_identities: ['phone.example.com'],
  bytes_in: 0,
  bytes_out: 0,
  msgs_in: 0,
  msgs_out: 0,
  users: [],
  traced: true,
  closed: { at: '', cause: 'peer-closed', by: 'peer', message: '', duration_ms: 2000 },
}

const rows: Readonly<Record<string, ConnectionRow>> = {
  '1': row,
  '2': {
    ...row,
    conn_id: '2',
    direction: 'out',
    transport: 'tcp',
    side: 'core',
    local: '10.0.0.1:41000',
    peer: '10.0.0.2:5060',
  },
  '3': { ...row, conn_id: '3', local: '[2001:db8::1]:443', peer: '[2001:db8::9]:50412' },
}

const ends: readonly TimelineEntry[] = [
  {
    at: '2026-01-31T12:00:02.000Z',
    event: 'CLOSED',
    status: 'SUCCESS',
    cause: 'peer-closed',
    message: 'the phone hung up',
  },
]

function sip(first: string, cseq: number, body = ''): Buffer {
  const method = first.startsWith('SIP/2.0') ? 'MESSAGE' : first.split(' ')[0]
  const head = [
    first,
    `Via: SIP/2.0/TLS 203.0.113.9:50412;branch=z9hG4bK${cseq}`,
    'From: <sip:alice@example.com>;tag=1',
    'To: <sip:bob@example.com>',
    'Call-ID: a84b4c76e66710',
    `CSeq: ${cseq} ${method}`,
    'Content-Type: text/plain',
    `Content-Length: ${body.length}`,
  ]
  return Buffer.from(`${head.join('\r\n')}\r\n\r\n${body}`)
}

type Said = readonly [connId: string | undefined, transport: string, from: Endpoint, to: Endpoint, bytes: Buffer]

/** Both legs of an exchange with messages small, long and very long; the same over IPv6 on port 443; another agent over UDP. */
function exchange(): readonly Said[] {
  const said: Said[] = []
  for (const [cseq, length] of [4000, 10, 60_000, 20].entries()) {
    const request = sip('MESSAGE sip:bob@example.com SIP/2.0', cseq, 'x'.repeat(length))
    const answer = sip('SIP/2.0 200 OK', cseq)
    said.push(['1', 'tls', phone, edge, request], ['2', 'tcp', core, registrar, request])
    if (length < 1000) said.push([undefined, 'udp', registrar, other, request])
    said.push(['2', 'tcp', registrar, core, answer], ['1', 'tls', edge, phone, answer])
    said.push(['3', 'tls', phone6, edge6, request], ['3', 'tls', edge6, phone6, answer])
  }
  // One side talks for long: the other has to acknowledge.
  for (let cseq = 10; cseq < 80; cseq++) {
    said.push(['1', 'tls', edge, phone, sip('NOTIFY sip:alice@example.com SIP/2.0', cseq, 'y'.repeat(900))])
  }
  return said
}

function sources(said: readonly Said[]): CaptureSources {
  const messages = said.map(
    ([connId, transport, source, destination, bytes], i): RawMessage => ({
      n: i + 1,
      micros: noon + i * 700,
      source,
      destination,
      transport,
      connId,
      callId: 'a84b4c76e66710',
      bytes,
    }),
  )
  return {
    observers: new Observers(silentLog),
    version: '1.2.3',
    connection: (id) => rows[id],
    timeline: () => ends,
    keylog: () => [`CLIENT_RANDOM ${'ab'.repeat(32)} ${'cd'.repeat(48)}`],
    rawOfConnection: (id) => messages.filter(({ connId }) => connId === id),
    rawOfCall: () => messages,
    rawSince: () => messages,
    onMessage: () => () => {},
    settle: () => {},
    walks: new Walks(),
    matching: () => () => true,
  }
}

async function captured(path: string, from: CaptureSources, keys: boolean): Promise<void> {
  const file = new Captures(from).begin({ follow: false, keys, callId: 'a84b4c76e66710' })
  assert.ok(file !== undefined && !('problem' in file))
  const pieces: Buffer[] = []
  for await (const piece of file) pieces.push(piece)
  writeFileSync(path, Buffer.concat(pieces))
}

describe('tshark', { skip: lacks('tshark') }, () => {
  /** What tshark prints with checks of checksums on, everything else by default. */
  async function tshark(file: string, ...args: string[]): Promise<string[]> {
    const checks = ['tcp', 'udp', 'ip'].flatMap((protocol) => ['-o', `${protocol}.check_checksum:TRUE`])
    const run = await runProcess(peer('tshark'), ['-n', '-r', file, ...checks, ...args])
    assert.equal(run.code, 0, run.stderr)
    return run.stdout.split('\n').filter((line) => line !== '')
  }

  for (const keys of [false, true]) {
    test(`dissects every message as SIP, in order, between its addresses${keys ? ', beside its keys' : ''}`, async (t) => {
      const file = join(tempDir(t), 'call.pcapng')
      const said = exchange()
      await captured(file, sources(said), keys)

      const fields = [
        'ip.src',
        'ipv6.src',
        'tcp.srcport',
        'udp.srcport',
        'ip.dst',
        'ipv6.dst',
        'tcp.dstport',
        'udp.dstport',
      ]
      const shown = await tshark(
        file,
        ...['-Y', 'sip', '-T', 'fields', '-E', 'separator=/s'],
        ...[...fields, 'sip.CSeq.seq', 'sip.Method', 'sip.Status-Code'].flatMap((field) => ['-e', field]),
      )
      const expected = said.map(([, , from, to, bytes]) => {
        const [, status, , method] = /^(?:SIP\/2\.0 (\d+)|((\w+) ))/.exec(String(bytes))!
        const cseq = /CSeq: (\d+)/.exec(String(bytes))![1]
        return [from.ip, from.port, to.ip, to.port, cseq, method ?? status].join(' ')
      })
      assert.deepEqual(
        shown.map((line) =>
          line
            .split(' ')
            .filter((word) => word !== '')
            .join(' '),
        ),
        expected,
      )

      // An end is worth a note to tshark; nothing else is, and nothing at all a warning.
      const notes =
        'tcp.analysis.flags || _ws.expert.severity >= 0x600000 || (_ws.expert.severity >= 0x400000 && !(tcp.flags.fin == 1))'
      assert.deepEqual(await tshark(file, '-Y', notes), [])
      const bad =
        '(ip && ip.checksum.status != 1) || (tcp && tcp.checksum.status != 1) || (udp && udp.checksum.status != 1)'
      assert.deepEqual(await tshark(file, '-Y', bad), [], 'every checksum is good')
      assert.deepEqual(await tshark(file, '-Y', '_ws.malformed || tls'), [])
    })
  }

  test('shows facts and fate of a connection as comments, and who its ends are', async (t) => {
    const file = join(tempDir(t), 'call.pcapng')
    await captured(file, sources(exchange()), false)
    const comments = (await tshark(file, '-Y', 'frame.comment', '-T', 'fields', '-e', 'frame.comment')).join('\n')
    for (const text of ['conn_id: 1', 'SNI: sip.example.com', 'TLS_AES_256_GCM_SHA384', 'the phone hung up']) {
      assert.ok(comments.includes(text), text)
    }
    const interfaces = new Set(await tshark(file, '-T', 'fields', '-e', 'frame.interface_name'))
    assert.deepEqual([...interfaces].sort(), ['core', 'edge', 'other'])
    const run = await runProcess(peer('tshark'), ['-r', file, '-N', 'd', '-q', '-z', 'hosts'])
    assert.match(run.stdout, /192\.0\.2\.1\s+hepgate/)
    assert.match(run.stdout, /203\.0\.113\.9\s+phone\.example\.com/)
  })
})
