/** The traced messages that are still kept, newest first, each a way to its text: in its call, at its place there. */
import type { ConnectionDetail, MessageView } from '../../../../src/base/live.js'
import { href } from '../../router.js'
import { clockMs, count, exact, plural, spelled } from '../../ui/format.js'
import { Icon } from '../../ui/icon.js'
import { Section } from './section.js'

/** more are for the view of calls, and for Wireshark */
const mostShown = 30

export function Messages({ connection: { messages, call_ids, traced } }: { connection: ConnectionDetail }) {
  if (messages.length === 0) {
    return (
      <Section title="Messages">
        <p class="muted">
          {traced
            ? 'It is traced, and nothing has been said yet that is still kept.'
            : 'Only messages of traced connections are kept: trace it to see them.'}
        </p>
      </Section>
    )
  }
  const newest = messages.slice(-mostShown).reverse()
  const left = messages.length - newest.length
  return (
    <Section title="Messages" note={`${plural(call_ids.length, 'Call-ID')} · each opens its text, in its call`}>
      <ol class="connection-messages" aria-label="Newest messages first">
        {newest.map((message) => (
          <Message key={message.n} message={message} />
        ))}
      </ol>
      {left > 0 && <p class="muted">{count(left)} older ones are in the capture.</p>}
    </Section>
  )
}

function Message({ message }: { message: MessageView }) {
  const { at, n, direction, summary, call_id, status } = message
  const ms = Date.parse(at)
  const error = status !== undefined && status >= 400
  return (
    <li>
      <time dateTime={at} title={exact(ms)}>
        {clockMs(ms)}
      </time>
      <span class="message-way" title={direction === 'in' ? 'received' : 'sent'}>
        <Icon name={direction === 'in' ? 'down' : 'up'} size={13} />
        <span class="sr-only">{direction === 'in' ? 'received' : 'sent'}</span>
      </span>
      <span class={`cut code${error ? ' message-error' : ''}`}>
        {error && <Icon name="warning" size={13} />}
        {call_id === undefined ? (
          spelled(summary)
        ) : (
          <a href={href('calls', { id: call_id, n: String(n) })}>{spelled(summary)}</a>
        )}
      </span>
      <Notes message={message} />
    </li>
  )
}

function Notes({ message: { kind, retransmission, call_id } }: { message: MessageView }) {
  const notes = [
    retransmission && 'retransmission',
    kind === 'sip' && call_id === undefined && 'no Call-ID: its text is in the capture',
  ].filter(Boolean)
  return notes.length === 0 ? null : <small class="muted">{notes.join(' · ')}</small>
}
