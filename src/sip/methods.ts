/** The methods of SIP as text that is not made anew for each message. Knows no method's meaning. */

/** IANA SIP methods registry. */
export const registeredMethods: readonly string[] = [
  ...['INVITE', 'ACK', 'BYE', 'CANCEL', 'REGISTER', 'OPTIONS', 'PRACK', 'UPDATE'],
  ...['INFO', 'MESSAGE', 'SUBSCRIBE', 'NOTIFY', 'REFER', 'PUBLISH'],
]

/** By length: what arrives is compared with few. */
const byLength: { readonly text: string; readonly bytes: Buffer }[][] = []

for (const text of registeredMethods) {
  byLength[text.length] ??= []
  byLength[text.length].push({ text, bytes: Buffer.from(text) })
}

/** The method buf[from, to), in the case it is written in (RFC 3261 §7.1: it counts). */
export function methodText(buf: Buffer, from: number, to: number): string {
  for (const { text, bytes } of byLength[to - from] ?? []) if (startsWith(buf, from, bytes)) return text
  return buf.toString('latin1', from, to)
}

/** Any other one is a word of the peer's own: good for no name, no label. */
export function isRegisteredMethod(method: string): boolean {
  return byLength[method.length]?.some(({ text }) => text === method) === true
}

function startsWith(buf: Buffer, from: number, bytes: Buffer): boolean {
  for (let i = 0; i < bytes.length; i++) if (buf[from + i] !== bytes[i]) return false
  return true
}
