/** How we call ourselves in messages of one kind of leg. One object serves all legs of a socket. */
import { endpointText } from '../base/address.js'
import type { Transport } from '../base/facts.js'
import type { HostPort } from '../config/types.js'

export class OwnName {
  /** how the peer reaches us: `sip.example.com:5061` */
  readonly hostPort: string
  /** a socket of ours listens there; else it is our end of one connection, and gone with it */
  readonly listening: boolean
  /** `sip:sip.example.com:5061;transport=tls`: where requests for the gateway itself reach it */
  readonly contactUri: string
  /** `Via: SIP/2.0/TLS sip.example.com:5061;branch=`, to be followed by the branch */
  readonly viaHead: string
  /** what a Via of ours ends with, behind the branch: `;rport`, `;alias`, nothing */
  readonly viaTail: string
  /** `;transport=tls;lr`: how our Record-Route and Path URIs end */
  readonly uriTail: string

  /** `alias`: ask the peer to reuse the connection for its own requests (RFC 5923 §5). */
  constructor({ host, port }: HostPort, transport: Transport, listening: boolean, alias: boolean) {
    this.hostPort = endpointText({ ip: host, port })
    this.listening = listening
    this.contactUri = `sip:${this.hostPort};transport=${transport}`
    this.viaHead = `Via: SIP/2.0/${transport.toUpperCase()} ${this.hostPort};branch=`
    // RFC 3581 §3: over UDP the answer shall come back to the port it was sent from.
    this.viaTail = `${transport === 'udp' ? ';rport' : ''}${alias ? ';alias' : ''}`
    this.uriTail = `;transport=${transport};lr`
  }
}
