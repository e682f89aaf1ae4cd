/** Kamailio's sipcapture as HEP collector, over UDP and TCP: the rows of its table are what was sent. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { startGatewayProcess } from '../support/gateway-process.js'
import { startKamailio } from '../support/kamailio.js'
import { lacks, peer } from '../support/peers.js'
import { runProcess, startProcess } from '../support/process.js'
import type { Scope } from '../support/scope.js'
import { headerOf } from '../support/sip.js'
import { SipClient } from '../support/sip-client.js'
import { tempDir } from '../support/tmp.js'
import { until } from '../support/wait.js'

/** What sipcapture of Kamailio 5.6 writes; it comes without a table for SQLite. */
const columns =
  'date micro_ts method correlation_id reply_reason ruri ruri_user ruri_domain from_user from_domain from_tag ' +
  'to_user to_domain to_tag pid_user contact_user auth_user callid callid_aleg via_1 via_1_branch cseq diversion ' +
  'reason content_type auth user_agent source_ip source_port destination_ip destination_port contact_ip contact_port ' +
  'originator_ip originator_port proto family rtp_stat type node msg custom_field1 custom_field2 custom_field3'

/** Over UDP sipcapture takes HEP by itself: type 1 to sip_capture, type 100 to logs_capture. */
const udpRoute = `
request_route { sip_capture(); drop; }
onreply_route { sip_capture(); drop; }
`
/**
 * Over TCP the core takes HEP and knows SIP only: tcp_accept_no_cl, or Kamailio 5.6 looks for a
 * Content-Length in the packet, and an event route that lets nothing but type 1 pass.
 */
const tcpRoute = `
modparam("sipcapture", "nonsip_hook", 1)
event_route[sipcapture:request] {
  if ($hep(0x00b) != 1) { drop; }
  return 1;
}
${udpRoute}`

interface Row {
  readonly method: string
  readonly callid: string
  readonly source_ip: string
  readonly source_port: string
  readonly destination_ip: string
  readonly destination_port: string
  readonly correlation_id: string
  readonly node: string
  readonly micro_ts: string
  readonly msg: string
}

describe('Kamailio as HEP collector', { skip: lacks('kamailio', 'kamailio-sqlite', 'sqlite3') }, () => {
  for (const transport of ['udp', 'tcp'] as const) {
    test(`stores every message as it was sent, over ${transport.toUpperCase()}`, async (t) => {
      const { database, port } = await startCollector(t, transport)
      const gateway = await startTracedGateway(t, `[kamailio]127.0.0.1:${port};transport=${transport};version=3`)
      const client = await SipClient.connect({ port: gateway.port })
      const exchanges = []
      for (const cseq of [1, 2, 3]) exchanges.push(await client.request({ cseq }))
      const rows = await until('six rows', async () => {
        const found = await select(database, 'sip_capture')
        return found.length >= 6 && found
      })
      await client.close()

      const sent = exchanges.flatMap(({ request, answer }) => [
        { bytes: request, from: client.address, to: `127.0.0.1:${gateway.port}`, method: 'OPTIONS' },
        { bytes: answer, from: `127.0.0.1:${gateway.port}`, to: client.address, method: '200' },
      ])
      assert.deepEqual(
        rows.map((row) => ({
          bytes: Buffer.from(row.msg),
          from: `${row.source_ip}:${row.source_port}`,
          to: `${row.destination_ip}:${row.destination_port}`,
          method: row.method,
        })),
        sent,
      )
      assert.deepEqual(
        rows.map((row) => row.callid),
        sent.map(({ bytes }) => headerOf(bytes, 'Call-ID')),
      )
      assert.deepEqual(
        rows.map((row) => row.correlation_id),
        rows.map((row) => row.callid),
      )
      for (const row of rows) assert.match(row.node, /:2001$/) // the capture id
      const times = rows.map((row) => Number(row.micro_ts))
      assert.deepEqual(
        times,
        [...new Set(times)].sort((a, b) => a - b),
        'times rise strictly',
      )
      await gateway.stop()
    })
  }

  test('stores the events of a connection under its id, over UDP', async (t) => {
    const { database, port } = await startCollector(t, 'udp')
    const gateway = await startTracedGateway(t, `[kamailio]127.0.0.1:${port};transport=udp;version=3`)
    const client = await SipClient.connect({ port: gateway.port })
    await client.close()
    const rows = await until('rows ACCEPTED and CLOSED', async () => {
      const found = await select(database, 'logs_capture')
      return found.length >= 2 && found
    })
    const events = rows.map((row) => JSON.parse(row.msg.slice(row.msg.indexOf('\n') + 1)) as Record<string, unknown>)
    assert.deepEqual(
      events.map((event) => event.Event),
      ['ACCEPTED', 'CLOSED'],
    )
    assert.deepEqual(
      rows.map((row) => row.correlation_id),
      events.map((event) => event.conn_id),
    )
    for (const row of rows) {
      assert.equal(`${row.source_ip}:${row.source_port}`, client.address)
      assert.equal(row.destination_port, String(gateway.port))
    }
    await gateway.stop()
  })
})

async function startCollector(scope: Scope, transport: 'udp' | 'tcp'): Promise<{ database: string; port: number }> {
  const database = join(tempDir(scope), 'capture.sqlite')
  const types = columns
    .split(' ')
    .map((name) => `${name} text`)
    .join(', ')
  for (const table of ['sip_capture', 'logs_capture']) {
    await sqlite(database, `create table ${table} (id integer primary key, ${types})`)
  }
  await readersLockNobodyOut(scope, database)
  const { port } = await startKamailio(
    scope,
    () => `${transport === 'tcp' ? 'tcp_accept_hep3=yes\ntcp_accept_no_cl=yes' : ''}
loadmodule "pv.so"
loadmodule "db_sqlite.so"
loadmodule "sipcapture.so"
modparam("sipcapture", "db_url", "sqlite:///${database}")
modparam("sipcapture", "capture_on", 1)
modparam("sipcapture", "hep_capture_on", 1)
${transport === 'tcp' ? tcpRoute : udpRoute}`,
  )
  return { database, port }
}

/**
 * Kamailio waits for no lock: a row it would store while we read is lost. With a write-ahead log readers
 * and writer do not meet, except where the last of them closes the database: this one stays.
 */
async function readersLockNobodyOut(scope: Scope, database: string): Promise<void> {
  const reader = startProcess(scope, peer('sqlite3'), [database])
  reader.write('pragma journal_mode = wal; select count(*) from sip_capture;\n')
  await reader.printed(/wal\s+0/)
}

function startTracedGateway(scope: Scope, destination: string) {
  return startGatewayProcess(scope, {
    relay: { mode: 'tunnel' },
    proto_tls: { trace_destination: 'kamailio', trace_on: 1 },
    proto_hep: { hep_id: [destination], hep_capture_id: 2001, hep_node_name: 'gateway' },
    trace: { core_events: 0 },
  })
}

async function select(database: string, table: string): Promise<Row[]> {
  const text = await sqlite(database, `select * from ${table} order by id`)
  return text === '' ? [] : (JSON.parse(text) as Row[])
}

async function sqlite(database: string, statement: string): Promise<string> {
  const run = await runProcess(peer('sqlite3'), ['-json', '-cmd', '.timeout 5000', database, statement])
  assert.equal(run.code, 0, run.stderr)
  return run.stdout
}
