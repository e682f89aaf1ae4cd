/** Peers and our own ends as a search names them: an address, a network, a port. Resolves nothing. */
import { type Endpoint, plainIp } from '../../base/address.js'
import { contains, type Network, parseNetwork } from '../../base/network.js'

export const addressForm = 'an address or network such as 192.0.2.1, 203.0.113.0/24 or [2001:db8::1]:5061'

/** `203.0.113.0/24`, `192.0.2.1`, `192.0.2.1:5061`, `[2001:db8::1]:5061`, `:5061`; undefined: none of these. */
export function endpointTest(text: string): ((endpoint: Endpoint) => boolean) | undefined {
  const whole = networkTest(text)
  if (whole !== undefined) return ({ ip }) => whole(ip)
  const [, host, digits] = /^(.*):(\d{1,5})$/.exec(text) ?? []
  if (host === undefined || host.includes('/')) return undefined
  const wantedPort = Number(digits)
  if (host === '') return ({ port }) => port === wantedPort
  const address = networkTest(host)
  return address && (({ ip, port }) => port === wantedPort && address(ip))
}

/** The 32 bits of a dotted IPv4 address as a number, without allocating; undefined for IPv6. */
export function inet4Number(ip: string): number | undefined {
  let bits = 0
  let octet = 0
  for (let i = 0; i < ip.length; i++) {
    const digit = ip.charCodeAt(i) - 0x30
    if (digit >= 0 && digit <= 9) {
      octet = octet * 10 + digit
    } else if (digit === dot) {
      bits = bits * 256 + octet
      octet = 0
    } else {
      return undefined
    }
  }
  return bits * 256 + octet
}

const dot = 0x2e - 0x30

function networkTest(text: string): ((ip: string) => boolean) | undefined {
  const network = parseNetwork(text)
  if (network === undefined) return undefined
  return network.family === 'ipv4' ? inet4Test(text, network) : (ip) => contains(network, ip)
}

/** A BlockList takes 1.3 µs for an address, and this is asked of every live connection: 65 ms of 50,000. */
function inet4Test(text: string, { prefix }: Network): (ip: string) => boolean {
  const size = 2 ** (32 - prefix)
  const address = inet4Number(plainIp(text.replace(/^\[|\]?(?:\/\d+)?$/g, '').toLowerCase())) as number
  const wanted = Math.floor(address / size)
  return (ip) => {
    const number = inet4Number(ip)
    return number !== undefined && Math.floor(number / size) === wanted
  }
}
