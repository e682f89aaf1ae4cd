/** TLS 1.3 records of a client, encrypted by hand (RFC 8446 §5.2, §7): for messages that Node cannot be made to send. */
import { createCipheriv, createHmac } from 'node:crypto'
import { u16 } from './client-hello.js'

/** The only suite this knows: offer no other. */
export const suite = 'TLS_AES_128_GCM_SHA256'

export const contentTypes = { alert: 21, handshake: 22, applicationData: 23 } as const

const keyBytes = 16
const ivBytes = 12
const tagBytes = 16
const hashBytes = 32
const keyUpdateType = 24

export class ClientRecords {
  #secret: Buffer
  #sequence = 0n

  /** `keylog`: lines of Node's `keylog` event. */
  constructor(keylog: readonly string[]) {
    const line = keylog.find((one) => one.startsWith('CLIENT_TRAFFIC_SECRET_0 '))
    if (line === undefined) throw new Error('the handshake is not over')
    this.#secret = Buffer.from(line.split(' ')[2]!, 'hex')
  }

  record(type: number, content: Buffer): Buffer {
    const inner = Buffer.concat([content, Buffer.from([type])])
    const header = Buffer.concat([Buffer.from([contentTypes.applicationData, 3, 3]), u16(inner.length + tagBytes)])
    const cipher = createCipheriv('aes-128-gcm', expandLabel(this.#secret, 'key', keyBytes), this.#nonce())
    cipher.setAAD(header)
    return Buffer.concat([header, cipher.update(inner), cipher.final(), cipher.getAuthTag()])
  }

  /** RFC 8446 §4.6.3; with `answer` the peer has to send one too. */
  keyUpdate(answer: boolean): Buffer {
    const record = this.record(contentTypes.handshake, Buffer.from([keyUpdateType, 0, 0, 1, Number(answer)]))
    this.#secret = expandLabel(this.#secret, 'traffic upd', hashBytes)
    this.#sequence = 0n
    return record
  }

  #nonce(): Buffer {
    const nonce = expandLabel(this.#secret, 'iv', ivBytes)
    const at = ivBytes - 8
    nonce.writeBigUInt64BE(nonce.readBigUInt64BE(at) ^ this.#sequence++, at)
    return nonce
  }
}

/** RFC 8446 §7.1, for lengths of one hash at most. */
function expandLabel(secret: Buffer, label: string, length: number): Buffer {
  const name = Buffer.from(`tls13 ${label}`)
  const info = Buffer.concat([u16(length), Buffer.from([name.length]), name, Buffer.from([0, 1])])
  return Buffer.from(createHmac('sha256', secret).update(info).digest().subarray(0, length))
}
