/** Filters to begin with: what people ask for most, each a whole text. */
export const examples = [
  { name: 'One network', text: '# one customer\nif ($si == "203.0.113.0/24")\n  exit;\ndrop;\n' },
  { name: 'One name', text: '# whoever asks for this name\nif ($tls_sni =~ "\\.example\\.com$")\n  exit;\ndrop;\n' },
  {
    name: 'Old TLS',
    text: '# phones below TLS 1.2\nif ($tls_version == "TLSv1" || $tls_version == "TLSv1.1")\n  exit;\ndrop;\n',
  },
] as const

/** in the empty editor */
export const placeholder = 'if ($si == "203.0.113.0/24")\n  exit;   # traced\ndrop;     # all others are not'
