import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { CallSeals } from '../../../src/relay/call-seal.js'
import type { Leg } from '../../../src/relay/leg.js'
import { RecordRoute, type RecordRouteOptions } from '../../../src/relay/record-route.js'
import type { SipMessage } from '../../../src/sip/message.js'
import { Via } from '../../../src/sip/via.js'
import { indexed, request } from '../sip/indexed.js'
import { played } from './carriers.js'

const seals = new CallSeals('the secret of this test')
const invite = indexed(request(['Contact: <sip:alice@192.168.1.77:50000>']))
const seal = ';seal=' // what follows it is the matter of call-seal.test.ts

const phone = played({ id: '7' })
const otherPhone = played({ id: '8', peerIp: '203.0.113.8' })
/** we connected to it */
const trunk = played({ id: '9', direction: 'out', localPort: 5061 })
const core = played({ id: '10', side: 'core', transport: 'tcp', localPort: 5060 })
/** of a side where we have no socket */
const deafCore = played({ id: '11', side: 'core', transport: 'tcp', direction: 'out', localPort: 40_001 }, false)

function recordRoute(options: Partial<RecordRouteOptions> = {}): RecordRoute {
  return new RecordRoute({ seals, serverKey: () => '', flowToken: 'auto', ...options })
}

const edgeValue = (user: string, scheme = 'sip', message = invite): string => {
  const place = 'sip.example.com:5061;transport=tls;lr'
  if (user === '') return `<${scheme}:${place}>`
  return `<${scheme}:${user}@${place}${seal}${seals.seal(user, message)}>`
}

describe('Record-Route is wanted', () => {
  const wanted: readonly (readonly [method: string, initial: boolean, inDialog: boolean])[] = [
    ['INVITE', true, false],
    ['REFER', true, false],
    // RFC 6665 §4.3: the route set of a subscription comes from its NOTIFY, which has a To tag.
    ['SUBSCRIBE', true, true],
    ['NOTIFY', true, true],
    ['invite', false, false],
    ['REGISTER', false, false],
    ['MESSAGE', false, false],
    ['OPTIONS', false, false],
    ['PUBLISH', false, false],
    ['CANCEL', false, false],
    ['ACK', false, false],
    ['BYE', false, false],
    ['UPDATE', false, false],
  ]
  for (const [method, initial, inDialog] of wanted) {
    it(`by ${method}: ${initial ? 'yes' : 'no'}, and in a dialog ${inDialog ? 'yes' : 'no'}`, () => {
      const of = (to: string): boolean =>
        recordRoute().isWanted(indexed(request([`To: ${to}`], `${method} sip:bob@example.com SIP/2.0`)))
      assert.equal(of('<sip:bob@example.com>'), initial)
      assert.equal(of('<sip:bob@example.com>;tag=b'), inDialog)
    })
  }
})

describe('its values', () => {
  /** `secure`: a call to sips: */
  function values(source: Leg, target: Leg, byFlow: boolean, secure = false, options?: Partial<RecordRouteOptions>) {
    return recordRoute(options).values(invite, new Via(), source, target, byFlow, secure)
  }

  it('are two where side or transport change, that of the leg it leaves on first', () => {
    const coreValue = '<sip:10.0.0.4:5060;transport=tcp;lr>'
    assert.equal(values(phone, core, false), `${coreValue}, ${edgeValue(phone.token)}`)
    assert.equal(values(core, phone, true), `${edgeValue(phone.token)}, ${coreValue}`)
  })

  it('hold the token of both phones where it goes from one to the other', () => {
    assert.equal(values(phone, otherPhone, true), `${edgeValue(otherPhone.token)}, ${edgeValue(phone.token)}`)
  })

  it('hold no token of a leg that was not chosen by it, and none of one that we opened: those can be opened again', () => {
    const coreValue = '<sip:10.0.0.4:5060;transport=tcp;lr>'
    assert.equal(values(core, phone, false), `${edgeValue('')}, ${coreValue}`)
    assert.equal(values(trunk, core, false), `${coreValue}, ${edgeValue('')}`)
  })

  it('are one where it leaves as it came', () => {
    const other = played({ id: '12', side: 'core', transport: 'tcp', localPort: 5060 })
    assert.equal(values(core, other, false), '<sip:10.0.0.4:5060;transport=tcp;lr>')
  })

  it('are two where it goes to another server, by which one comes back', () => {
    const other = played({ id: '12', side: 'core', transport: 'tcp', localPort: 5060 })
    const serverKey = (leg: Leg): string => (leg === core ? '0000000a' : '0000000b')
    const [from, to] = ['0000000a', '0000000b'].map((key) => `<sip:hepgate-${key}@10.0.0.4:5060;transport=tcp;lr>`)
    assert.equal(values(core, other, false, false, { serverKey }), `${to}, ${from}`)
  })

  it('of a sips: call are secure where TLS is, and not on a clear leg, where nobody could follow them', () => {
    const coreValue = '<sip:10.0.0.4:5060;transport=tcp;lr>'
    assert.equal(values(phone, core, false, true), `${coreValue}, ${edgeValue(phone.token, 'sips')}`)
    const tlsCore = played({ id: '12', side: 'core' })
    assert.equal(
      values(phone, tlsCore, false, true),
      `<sips:10.0.0.4:5061;transport=tls;lr>, ${edgeValue(phone.token, 'sips')}`,
    )
  })

  it('name the server of a core leg, of which the Via says more when the request came from there', () => {
    const asked: unknown[][] = []
    const serverKey = (leg: Leg, via: Via | undefined): string => {
      asked.push([leg, via])
      return '1f0c77aa'
    }
    const via = new Via()
    const named = '<sip:hepgate-1f0c77aa@10.0.0.4:5060;transport=tcp;lr>'
    const route = recordRoute({ serverKey })
    assert.equal(route.values(invite, via, phone, core, false, false), `${named}, ${edgeValue(phone.token)}`)
    assert.equal(route.values(invite, via, core, phone, true, false), `${edgeValue(phone.token)}, ${named}`)
    assert.deepEqual(asked, [
      [core, undefined],
      [core, via],
    ])
  })

  it('say that they are ours where our end of the connection is all there is to name', () => {
    const place = '@10.0.0.4:40001;transport=tcp;lr>'
    assert.equal(values(phone, deafCore, false), `<sip:hepgate-leg${place}, ${edgeValue(phone.token)}`)
    const serverKey = (): string => '1f0c77aa'
    assert.equal(
      values(phone, deafCore, false, false, { serverKey }),
      `<sip:hepgate-1f0c77aa${place}, ${edgeValue(phone.token)}`,
    )
  })
})

describe('the token of who sends it is there', () => {
  const contacts = {
    address: 'Contact: <sip:alice@192.168.1.77:50000>',
    address6: 'Contact: <sip:alice@[2001:db8::77]:50000>',
    name: 'Contact: "Carrier" <sip:gw@sbc.carrier.example:5061;transport=tls>',
    nameWithOb: 'Contact: <sip:gw@sbc.carrier.example;ob>',
    none: 'Subject: no Contact',
    unreadable: 'Contact: *',
  }
  const recorded = 'Record-Route: <sip:192.168.1.1;lr>'
  const certified = played({ id: '13', identities: ['carrier.example'] })
  const expected: readonly (readonly [
    flowToken: RecordRouteOptions['flowToken'],
    leg: Leg,
    who: string,
    lines: Readonly<Record<keyof typeof contacts | 'recordRoute', boolean>>,
  ])[] = [
    ['always', phone, 'anybody', truths('address address6 name nameWithOb none unreadable recordRoute')],
    ['always', trunk, 'a peer we connected to', truths('address address6 name nameWithOb none unreadable recordRoute')],
    [
      'auto',
      phone,
      'whoever has no certificate',
      truths('address address6 name nameWithOb none unreadable recordRoute'),
    ],
    ['auto', trunk, 'a peer we connected to', truths('')],
    // A phone has a certificate of its maker, and an address behind NAT.
    ['auto', certified, 'a verified peer', truths('address address6 nameWithOb none unreadable')],
    ['ob', phone, 'anybody', truths('nameWithOb')],
    ['ob', certified, 'a verified peer', truths('nameWithOb')],
  ]

  function truths(names: string): Readonly<Record<keyof typeof contacts | 'recordRoute', boolean>> {
    const true_ = names.split(' ')
    const all = [...Object.keys(contacts), 'recordRoute'].map((name) => [name, true_.includes(name)] as const)
    return Object.fromEntries(all) as Record<keyof typeof contacts | 'recordRoute', boolean>
  }

  for (const [flowToken, leg, who, byLine] of expected) {
    for (const [line, wanted] of Object.entries(byLine)) {
      it(`flow_token ${flowToken}: ${wanted ? 'yes' : 'no'} for ${who}, ${line}`, () => {
        const message: SipMessage = indexed(
          request(line === 'recordRoute' ? [recorded, contacts.address] : [contacts[line as keyof typeof contacts]]),
        )
        const values = recordRoute({ flowToken }).values(message, new Via(), leg, core, false, false)
        const [, back] = values.split(', ')
        assert.equal(back, edgeValue(wanted ? leg.token : '', 'sip', message))
      })
    }
  }
})
