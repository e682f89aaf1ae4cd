/** Builds HEP packets octet by octet, with nothing of the code under test. */

/** `00010002 ff` and the like: hex with spaces anywhere. */
export function hex(text: string): Buffer {
  return Buffer.from(text.replaceAll(/\s/g, ''), 'hex')
}

/** A chunk whose length is that of its value, or what the test says it is. */
export function chunk(type: number, value: Buffer | string, vendor = 0, length?: number): Buffer {
  const octets = typeof value === 'string' ? Buffer.from(value) : value
  const total = length ?? octets.length + 6
  const head = [vendor >> 8, vendor & 255, type >> 8, type & 255, total >> 8, total & 255]
  return Buffer.concat([Buffer.from(head), octets])
}

/** A packet of these chunks with the right total length, or the one the test wants. */
export function packet(chunks: readonly Buffer[], total?: number): Buffer {
  const body = Buffer.concat(chunks)
  const length = total ?? body.length + 6
  return Buffer.concat([Buffer.from('HEP3'), Buffer.from([length >> 8, length & 255]), body])
}

/** 192.0.2.1:50412 → 198.51.100.7:5061 over TLS, 1 700 000 000.000042 s, SIP, capture id 2001. */
export const ipv4Head = [
  hex('0000 0001 0007 02'),
  hex('0000 0002 0007 16'),
  hex('0000 0003 000a c0000201'),
  hex('0000 0004 000a c6336407'),
  hex('0000 0007 0008 c4ec'),
  hex('0000 0008 0008 13c5'),
  hex('0000 0009 000a 6553f100'),
  hex('0000 000a 000a 0000002a'),
  hex('0000 000b 0007 01'),
  hex('0000 000c 000a 000007d1'),
]
