/** What tshark makes of a capture, with its checks of checksums on and everything else by default. */
import assert from 'node:assert/strict'
import { peer } from './peers.js'
import { runProcess } from './process.js'

/** The lines it prints. */
export async function tshark(file: string, ...args: string[]): Promise<string[]> {
  const checks = ['tcp', 'udp', 'ip'].flatMap((protocol) => ['-o', `${protocol}.check_checksum:TRUE`])
  const run = await runProcess(peer('tshark'), ['-n', '-r', file, ...checks, ...args])
  assert.equal(run.code, 0, run.stderr)
  return run.stdout.split('\n').filter((line) => line !== '')
}

/** Every SIP message: `SOURCE DESTINATION FIRST-LINE`, in the order of the file. */
export async function sipIn(file: string): Promise<string[]> {
  const fields = [
    ...['ip.src', 'tcp.srcport', 'udp.srcport', 'ip.dst', 'tcp.dstport', 'udp.dstport'],
    ...['sip.Request-Line', 'sip.Status-Line'],
  ]
  const lines = await tshark(file, '-Y', 'sip', '-T', 'fields', ...fields.flatMap((field) => ['-e', field]))
  return lines.map((line) => {
    const [from, tcpFrom, udpFrom, to, tcpTo, udpTo, request, status] = line.split('\t')
    return `${from}:${tcpFrom || udpFrom} ${to}:${tcpTo || udpTo} ${request || status}`
  })
}

/**
 * What tshark warns of: bad checksums, lost segments, what it could not dissect. That a connection ended is worth a note
 * to it, that it was reset a warning: both say how it was.
 */
export async function warningsIn(file: string): Promise<string[]> {
  const odd = 'tcp.analysis.flags || _ws.malformed || (_ws.expert.severity >= 0x600000 && !(tcp.flags.reset == 1))'
  const bad =
    '(ip && ip.checksum.status != 1) || (tcp && tcp.checksum.status != 1) || (udp && udp.checksum.status != 1)'
  return [...(await tshark(file, '-Y', odd)), ...(await tshark(file, '-Y', bad))]
}
