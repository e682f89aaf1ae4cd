/** TLS domains in the spellings of OpenSIPS 3, 2.4 and 2.2. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { imported } from '../../../support/opensips.js'

const param = (name: string, value: string) => `modparam("tls_mgm", "${name}", "${value}")\n`
/** With the files every server domain has, so that no test speaks of them. */
const files = (name: string) => param('certificate', `[${name}]/c.pem`) + param('private_key', `[${name}]/k.pem`)
const tls = 'socket=tls:10.0.0.1:5061\n'

test('every parameter of a domain goes to the domain it names', async (t) => {
  const { settings } = await imported(
    t,
    [
      tls,
      param('server_domain', 'a'),
      param('client_domain', 'b'),
      files('a'),
      param('match_ip_address', '[a]10.0.0.1:5061,10.0.0.2:5061'),
      param('match_sip_domain', '[a]a.example, *.a.example'),
      param('verify_cert', '[a]0'),
      param('require_cert', '[a]0'),
      param('ca_list', '[b]/ca.pem'),
      param('ca_dir', '[b]/ca/'),
      param('crl_dir', '[b]/crl/'),
      param('tls_method', '[b]TLSv1_2'),
      param('ciphers_list', '[b]ECDHE+AESGCM'),
      param('dh_params', '[b]/dh.pem'),
      param('ec_curve', '[b]prime256v1'),
      param('match_sip_domain', '[b]b.example'),
      param('match_ip_address', '[b]*'),
    ].join(''),
  )
  assert.deepEqual(settings.tls_mgm, {
    server_domain: [
      {
        name: 'a',
        match_ip_address: ['10.0.0.1:5061', '10.0.0.2:5061'],
        match_sip_domain: ['a.example', '*.a.example'],
        certificate: '/c.pem',
        private_key: '/k.pem',
        verify_cert: 0,
        require_cert: 0,
      },
    ],
    client_domain: [
      {
        name: 'b',
        match_sip_domain: 'b.example',
        ca_list: '/ca.pem',
        ca_dir: '/ca/',
        crl: '/crl/',
        tls_method: 'TLSv1_2',
        ciphers_list: 'ECDHE+AESGCM',
        dh_params: '/dh.pem',
        ec_curve: 'prime256v1',
      },
    ],
  })
})

test('OpenSIPS 2.4: addresses in definitions, values without a name for the two default domains', async (t) => {
  const { settings } = await imported(
    t,
    `${tls}${param('server_domain', 'a=10.0.0.1:5061')}${param('client_domain', 'b = 192.0.2.1:5061')}${files('a')}` +
      `${param('certificate', '/d.pem')}${param('private_key', '/dk.pem')}${param('verify_cert', '0')}`,
  )
  const byDefault = { name: 'default', certificate: '/d.pem', private_key: '/dk.pem', verify_cert: 0 }
  assert.deepEqual(settings.tls_mgm.server_domain, [
    { name: 'a', match_ip_address: '10.0.0.1:5061', certificate: '/c.pem', private_key: '/k.pem' },
    byDefault,
  ])
  assert.deepEqual(settings.tls_mgm.client_domain, [{ name: 'b', match_ip_address: '192.0.2.1:5061' }, byDefault])
})

test('OpenSIPS 2.2: name and value with a colon between them; other colons stay', async (t) => {
  const text = `${param('server_domain', 'a=10.0.0.1:5061')}${param('certificate', 'a:/c.pem')}${param('private_key', 'a:/k.pem')}`
  const { settings } = await imported(t, `${tls}${text}${param('ciphers_list', 'AES128:AES256')}`)
  const [a, byDefault] = settings.tls_mgm.server_domain
  assert.deepEqual([a.certificate, a.private_key, byDefault.ciphers_list], ['/c.pem', '/k.pem', 'AES128:AES256'])
})

for (const [written, method] of [
  ['TLSv1-TLSv1_3', 'TLSv1-TLSv1_3'],
  ['-TLSv1_2', 'TLSv1-TLSv1_2'],
  ['-', 'TLSv1-'],
  ['tlsv1', 'tlsv1'],
]) {
  test(`the range of versions ${written} is ${method}`, async (t) => {
    const { settings, notes } = await imported(
      t,
      `${tls}${param('client_domain', 'a')}${param('tls_method', `[a]${written}`)}`,
    )
    assert.equal(settings.tls_mgm.client_domain[0].tls_method, method)
    assert.deepEqual(
      notes.filter((note) => note.startsWith('To be changed')),
      [],
    )
  })
}

test('what a domain does not say is told where OpenSIPS means something else by that', async (t) => {
  const { settings, notes } = await imported(
    t,
    `${tls}${param('server_domain', 'a')}${param('client_domain', 'b')}${param('verify_cert', '[b]0')}`,
  )
  const [server] = settings.tls_mgm.server_domain
  assert.deepEqual(
    [server.certificate, server.private_key],
    ['/etc/opensips/tls/cert.pem', '/etc/opensips/tls/ckey.pem'],
  )
  assert.deepEqual(settings.tls_mgm.client_domain, [{ name: 'b', verify_cert: 0 }])
  assert.deepEqual(
    notes.filter((note) => note.includes(': tls_mgm: ')),
    [
      'opensips.cfg:2: tls_mgm: server domain a has no certificate; written is the default of OpenSIPS',
      'opensips.cfg:2: tls_mgm: server domain a has no private_key; written is the default of OpenSIPS',
      'opensips.cfg:2: tls_mgm: server domain a verifies without ca_list and ca_dir: OpenSIPS read /etc/pki/CA/, here the CAs that Node.js trusts count',
    ],
  )
})

test('domains in a database are told of once, and nothing of their address is shown', async (t) => {
  const text = `${param('db_url', 'mysql://root:geheim@10.0.0.3/opensips')}${param('domain_col', 'd')}${param('db_table', 'x')}`
  const { yaml, notes } = await imported(t, tls + text)
  assert.equal(notes.filter((note) => note.includes('database')).length, 1)
  assert.doesNotMatch(yaml + notes.join('\n'), /geheim/)
})

for (const [text, note] of [
  [param('certificate', '[x]/c.pem'), 'certificate is left out: it names a domain that is not defined'],
  [param('tls_library', 'openssl'), 'tls_library is left out: TLS is that of Node.js (OpenSSL)'],
  [param('colour', '[a]blue'), 'colour is left out: there is nothing like it here'],
  [param('ca_list', '[a]ca.pem'), 'ca.pem was relative to where OpenSIPS runs; here it is to the configuration file'],
  [param('client_domain', 'a'), 'the domain a is there twice; every parameter went to the first'],
] as const) {
  test(`noted: ${note}`, async (t) => {
    const { notes } = await imported(t, `${tls}${param('server_domain', 'a')}${files('a')}${text}`)
    assert.ok(notes.includes(`opensips.cfg:5: tls_mgm: ${note}`), notes.join('\n'))
  })
}
