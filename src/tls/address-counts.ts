/** How many of something each peer address has. Knows no limit. */
import { inet6Text, inetBytes } from '../base/inet.js'

export class AddressCounts {
  readonly #counts = new Map<string, number>()

  get(ip: string): number {
    return this.#counts.get(addressKey(ip)) ?? 0
  }

  add(ip: string): void {
    const key = addressKey(ip)
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1)
  }

  remove(ip: string): void {
    const key = addressKey(ip)
    const count = (this.#counts.get(key) ?? 0) - 1
    if (count > 0) this.#counts.set(key, count)
    else this.#counts.delete(key)
  }
}

/** Who is counted as one. IPv6: one customer has a /64, so that is what a limit must count. */
export function addressKey(ip: string): string {
  if (!ip.includes(':')) return ip
  return `${inet6Text(Buffer.concat([inetBytes(ip).subarray(0, 8), hostBits]), 0)}/64`
}

const hostBits = Buffer.alloc(8)
