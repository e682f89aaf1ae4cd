/**
 * Whom a connection registered: addresses of record from the To of its REGISTER requests (RFC 3261 §10.2), noted
 * on its facts for those who look. Seen, not granted: it knows no answer, no expiry, and no location.
 */
import type { ConnectionFacts } from '../base/facts.js'
import { findHeader, headerNames, headersStart } from '../sip/headers.js'
import { field, type SipMessage } from '../sip/message.js'
import { SipUri } from '../sip/uri.js'

/** What a REGISTER begins with: all that other messages are asked. */
export const REGISTER_BYTE = 0x52

const register = Buffer.from('REGISTER ')
/** A phone has a line or a few; of a trunk with thousands of numbers the latest must do. */
const maxUsers = 8
const maxUserChars = 255

const to = new SipUri()

/** A request that was indexed already, of which is known that it is a REGISTER. */
export function noteRegistration({ users }: ConnectionFacts, message: SipMessage): void {
  const line = message.first(field.to)
  if (line >= 0) noteUser(users, message.buf, message.valueStart(line), message.valueEnd(line))
}

/** A framed message, whatever it is; its head is buf[start, bodyStart). */
export function noteIfRegister({ users }: ConnectionFacts, buf: Buffer, start: number, bodyStart: number): void {
  const methodEnd = start + register.length
  if (methodEnd > bodyStart || buf.compare(register, 0, register.length, start, methodEnd) !== 0) return
  const place = findHeader(buf, headersStart(buf, start, bodyStart), bodyStart, headerNames.to)
  if (place !== undefined) noteUser(users, buf, place.valueStart, place.valueEnd)
}

function noteUser(users: string[], buf: Buffer, from: number, end: number): void {
  // RFC 3261 §10.2: the address of record is a SIP URI, and its user is whom it is about.
  if (!to.readAddress(buf, from, end) || to.userStart < 0) return
  if (to.hostEnd - to.userStart > maxUserChars) return
  const host = buf.toString('latin1', to.hostStart, to.hostEnd).toLowerCase()
  const user = `${buf.toString('utf8', to.userStart, to.userEnd)}@${host}`
  // Phones register again and again, mostly with the one they have.
  if (users.at(-1) === user) return
  const known = users.indexOf(user)
  if (known >= 0) users.splice(known, 1)
  else if (users.length === maxUsers) users.shift()
  users.push(user)
}
