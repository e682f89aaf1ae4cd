/**
 * A HEP packet as a person reads it, and as one JSON line. Key material and the auth key are left out unless asked
 * for (the auth key always), and nothing a peer sent reaches the terminal as a control character.
 */
import { endpointText } from '../base/address.js'
import { plainJson } from '../base/plain-json.js'
import { ipProtocolName, protocolTypeName, protocolTypes } from '../hep/chunks.js'
import type { HepPacket } from '../hep/packet.js'

export interface TextOptions {
  /** show `master-key`, `keylog` and key-log lines */
  readonly secrets: boolean
}

/**
 *     2026-01-31T12:00:00.123456Z  sip  tls  192.0.2.1:50412 → 192.0.2.2:5061
 *       id a84b4c76e66710  node gw-1 (2001)  {"net":"5710"}
 *       INVITE sip:bob@example.com SIP/2.0
 *       …
 *
 * Ends with an empty line.
 */
export function packetText(packet: HepPacket, options: TextOptions): string {
  const route = `${endpointText(packet.source)} → ${endpointText(packet.destination)}`
  const lines = [
    `${timeText(packet)}  ${protocolTypeName(packet.type)}  ${ipProtocolName(packet.protocol)}  ${route}`,
    `  ${identity(packet)}`,
  ]
  for (const line of payloadText(packet, options).split(/\r\n|\n|\r/)) lines.push(`  ${printable(line)}`.trimEnd())
  while (lines[lines.length - 1] === '') lines.pop()
  return `${lines.join('\n')}\n\n`
}

/** One line without its line end. Payloads that are JSON objects come as such, others as text. */
export function packetJson(packet: HepPacket, options: TextOptions): string {
  const event = readEvent(packet, options)
  const json = JSON.stringify({
    time: timeText(packet),
    type: packet.type,
    type_name: protocolTypeName(packet.type),
    protocol: ipProtocolName(packet.protocol),
    source: endpointText(packet.source),
    destination: endpointText(packet.destination),
    correlation_id: correlationText(packet),
    node: packet.nodeName,
    capture_id: packet.captureId,
    extra_correlation: packet.extraCorrelation,
    ...(event === undefined ? { payload: payloadText(packet, options) } : { text: event.text, event: event.fields }),
  })
  return plainJson(json)
}

function identity(packet: HepPacket): string {
  const words = [`id ${correlationText(packet) ?? '-'}`, `node ${packet.nodeName ?? '-'} (${packet.captureId})`]
  if (packet.extraCorrelation !== undefined) words.push(packet.extraCorrelation)
  return printable(words.join('  '))
}

function correlationText(packet: HepPacket): string | undefined {
  return packet.correlationId?.toString('utf8')
}

/** Chunks 0x0009 and 0x000a: ISO 8601 with µs. */
function timeText(packet: HepPacket): string {
  const second = new Date(packet.seconds * 1000).toISOString().slice(0, -'.000Z'.length)
  return `${second}.${String(packet.micros).padStart(6, '0')}Z`
}

function payloadText(packet: HepPacket, options: TextOptions): string {
  const event = readEvent(packet, options)
  if (event === undefined) return withoutKeyLog(packet.payload.toString('utf8'), options)
  const json = JSON.stringify(event.fields, undefined, 2)
  return event.text === undefined ? json : `${event.text}\n${json}`
}

interface EventPayload {
  /** the line for a person above the JSON, in the `log` form */
  readonly text: string | undefined
  readonly fields: Readonly<Record<string, unknown>>
}

/** The payload as an event of ours or of OpenSIPS; undefined: something else. */
function readEvent(packet: HepPacket, options: TextOptions): EventPayload | undefined {
  if (packet.type === protocolTypes.sip) return undefined
  const payload = packet.payload.toString('utf8')
  const jsonAt = payload.startsWith('{') ? 0 : payload.indexOf('\n{') + 1
  if (jsonAt === 0 && !payload.startsWith('{')) return undefined
  const fields = parseObject(payload.slice(jsonAt))
  if (fields === undefined) return undefined
  return {
    text: jsonAt === 0 ? undefined : withoutKeyLog(payload.slice(0, jsonAt - 1), options),
    fields: options.secrets ? fields : redacted(fields),
  }
}

function parseObject(json: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(json)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined
  } catch {
    return undefined
  }
}

const hidden = '[hidden]'
const secretFields = ['master-key', 'keylog']

function redacted(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).map(([key, value]) => [key, redactedValue(key, value)]))
}

/** `withheld` is what a sender writes in place of a key it does not tell: that may be seen. */
function redactedValue(key: string, value: unknown): unknown {
  return secretFields.includes(key) && value !== 'withheld' ? hidden : value
}

/** NSS key-log lines, wherever they stand: label, client random, secret. */
const keyLogLine = /\b([A-Z][A-Z0-9_]*(?:SECRET[A-Z0-9_]*|RANDOM)) ([0-9a-fA-F]{64}) [0-9a-fA-F]{32,}/g

function withoutKeyLog(text: string, { secrets }: TextOptions): string {
  return secrets ? text : text.replace(keyLogLine, `$1 $2 ${hidden}`)
}

/** Control characters become visible and harmless: U+2400 and following. */
function printable(line: string): string {
  return line.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, (c) => controlPicture(c.charCodeAt(0)))
}

function controlPicture(code: number): string {
  if (code === 0x7f) return '\u2421'
  return code < 0x20 ? String.fromCharCode(0x2400 + code) : '\ufffd'
}
