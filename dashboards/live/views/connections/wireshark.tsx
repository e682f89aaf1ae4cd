/** Files for Wireshark: what was traced, readable as it is, and the keys of the connection for those who may have them. */
import type { ConnectionDetail } from '../../../../src/base/live.js'
import { ApiError, download } from '../../net/api.js'
import { toast } from '../../state/toasts.js'
import { AsyncButton } from '../../ui/button.js'
import { Section } from './section.js'

export function Wireshark({ connection }: { connection: ConnectionDetail }) {
  const { conn_id, traced, messages, has_keys, transport } = connection
  const path = `/connections/${conn_id}`
  const kept = traced || messages.length > 0
  return (
    <Section title="For Wireshark">
      <ul class="wireshark">
        <li>
          <AsyncButton
            small
            icon="download"
            disabled={!kept}
            run={() => download(`${path}/pcapng`, `hepgate-${conn_id}.pcapng`)}
            failed="The capture failed"
          >
            Capture
          </AsyncButton>
          <p class="muted">
            {kept ? 'What was traced of it, as pcapng: readable without any keys.' : 'Nothing of it was traced.'}
          </p>
        </li>
        {transport === 'tls' && (
          <li>
            <AsyncButton
              small
              icon="key"
              disabled={!has_keys}
              run={() => downloadKeys(`${path}/keylog`, `hepgate-${conn_id}.keys`)}
              failed="The key log failed"
            >
              Key log
            </AsyncButton>
            <p class="muted">
              {has_keys
                ? 'Decrypts what was captured on the wire. Needs a token with the scope secrets; the audit list says who took it.'
                : 'No keys are held: it was not traced from its handshake on.'}
            </p>
          </li>
        )}
      </ul>
    </Section>
  )
}

async function downloadKeys(path: string, name: string): Promise<void> {
  try {
    await download(path, name)
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 403) throw error
    toast('Keys are given only to a token with the scope secrets (api.tokens). Sign in with such a token.', 'warning')
  }
}
