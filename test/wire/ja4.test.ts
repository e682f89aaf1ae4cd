/**
 * JA4 of ClientHellos whose fingerprint is known from elsewhere: the examples of the specification, built
 * from the lists it prints, and hellos that real clients sent (vectors/client-hellos.txt, one per line as
 * `NAME JA4 HEX`, the JA4 computed with FoxIO's own program from a capture of the same bytes).
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { HelloReader } from '../../src/tls/client-hello.js'
import {
  alpn,
  clientHello,
  extension,
  record,
  serverName,
  signatureAlgorithms,
  supportedVersions,
} from '../support/client-hello.js'
import { vectorsDir } from '../support/paths.js'

function ja4Of(bytes: Buffer): string {
  const result = new HelloReader().push(bytes)
  assert.ok(typeof result === 'object' && 'ja4' in result)
  return result.ja4
}

const hexList = (text: string) => text.split(',').map((code) => Number.parseInt(code, 16))

/** The lists of the specification, in its order; GREASE as Chrome adds it. */
const chromeCiphers = hexList('8a8a,1301,1302,1303,c02b,c02f,c02c,c030,cca9,cca8,c013,c014,009c,009d,002f,0035')
const chromeExtensions = hexList(
  '3a3a,001b,0000,0033,0010,4469,0017,002d,000d,0005,0023,0012,002b,ff01,000b,000a,0015,fafa',
)
const chromeAlgorithms = hexList('0403,0804,0401,0503,0805,0501,0806,0601')

function chromeHello(alpnNames: (string | Buffer)[], algorithms = chromeAlgorithms): Buffer {
  const known: Record<number, Buffer> = {
    0: serverName('www.example.com'),
    16: alpn(...alpnNames),
    13: signatureAlgorithms(...algorithms),
    43: supportedVersions(0xdada, 0x0304, 0x0303),
  }
  const extensions = chromeExtensions.map((type) => known[type] ?? extension(type))
  return record(clientHello({ ciphers: chromeCiphers, extensions }))
}

describe('JA4 on the wire', () => {
  it('of the example of the specification is the one it prints', () => {
    assert.equal(ja4Of(chromeHello(['h2', 'http/1.1'])), 't13d1516h2_8daaf6152771_e5627efa2ab1')
    assert.equal(ja4Of(chromeHello(['http/1.1'])), 't13d1516h1_8daaf6152771_e5627efa2ab1')
  })

  it('without signature algorithms hashes the extensions alone', () => {
    assert.equal(ja4Of(chromeHello(['h2'], [])), 't13d1516h2_8daaf6152771_6d807ffa2a79')
  })

  for (const line of readFileSync(`${vectorsDir}/client-hellos.txt`, 'latin1').trim().split('\n')) {
    const [client, expected, hex] = line.split(' ')
    it(`of ${client} is what FoxIO's program says`, () => {
      assert.equal(ja4Of(Buffer.from(hex!, 'hex')), expected)
    })
  }
})
