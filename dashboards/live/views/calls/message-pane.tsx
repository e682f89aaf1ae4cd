/** The message chosen in the ladder: how it travelled, its text in colours, and what the gateway made of it. */
import { useMemo, useState } from 'preact/hooks'
import type { MessageView } from '../../../../src/base/live.js'
import { href } from '../../router.js'
import { Toggle } from '../../ui/field.js'
import { bytes, plural, spelled } from '../../ui/format.js'
import { Icon } from '../../ui/icon.js'
import { CodeBlock } from '../../ui/panel.js'
import { toneOf } from './ladder.js'
import { clockMicros, gapText, titleOf } from './look.js'
import { type DiffLine, diffOf, type Passage, passageOf } from './passage.js'
import { sipLines } from './sip-syntax.js'

/** The comparison stays as it was chosen from message to message. */
let isComparing = false

export function MessagePane({ flow, message }: { flow: readonly MessageView[]; message: MessageView }) {
  const passage = useMemo(() => passageOf(flow, message), [flow, message])
  // of a text that was cut nothing can be said to be missing
  const diff = useMemo(() => (passage && isWhole(passage) ? diffOf(passage) : undefined), [passage])
  const [comparing, setComparing] = useState(isComparing)
  const compare = (on: boolean) => {
    isComparing = on
    setComparing(on)
  }
  return (
    <section class={`sip-message flow-${toneOf(message)}`} aria-label="Chosen message">
      <header class="sip-message-head">
        <h3>{spelled(titleOf(message))}</h3>
        <span class="muted">
          {clockMicros(message.micros)} · {bytes(message.bytes)}
        </span>
      </header>
      <Way message={message} />
      {passage !== undefined && diff !== undefined && (
        <Changes passage={passage} diff={diff} comparing={comparing} onCompare={compare} />
      )}
      <Text message={message} diff={comparing ? diff : undefined} />
    </section>
  )
}

function isWhole({ received, sent }: Passage): boolean {
  return received.text_cut === undefined && sent.text_cut === undefined
}

function Text({ message, diff }: { message: MessageView; diff: readonly DiffLine[] | undefined }) {
  const { kind, summary, text = summary, text_cut } = message
  if (kind === 'event') return <p class="sip-event">{spelled(summary)}</p>
  return diff === undefined ? (
    <>
      <CodeBlock text={text} label="message">
        <Coloured text={text} />
      </CodeBlock>
      {text_cut !== undefined && <p class="muted">{bytes(text_cut)} more are in the pcapng of the call.</p>}
    </>
  ) : (
    <CodeBlock text={diffText(diff)} label="comparison">
      <Diff diff={diff} />
    </CodeBlock>
  )
}

function Way({ message }: { message: MessageView }) {
  const { source, destination, transport, conn_id, agent } = message
  return (
    <p class="sip-message-way">
      <span class="code">{source}</span> → <span class="code">{destination}</span>
      <span class="muted"> over {transport.toUpperCase()}</span>
      {conn_id !== undefined && (
        <>
          {' · '}
          <a href={href('connections', { id: conn_id })}>connection</a>
        </>
      )}
      {agent !== undefined && <span class="muted"> · seen by {spelled(agent)}, not by hepgate itself</span>}
    </p>
  )
}

interface ChangesProps {
  readonly passage: Passage
  readonly diff: readonly DiffLine[]
  readonly comparing: boolean
  readonly onCompare: (on: boolean) => void
}

function Changes({ passage: { received, sent }, diff, comparing, onCompare }: ChangesProps) {
  const added = diff.filter(({ change }) => change === 'added').length
  const removed = diff.filter(({ change }) => change === 'removed').length
  const what =
    added + removed === 0
      ? 'Passed on unchanged'
      : `Passed on with ${plural(added, 'line')} added and ${removed} taken away`
  return (
    <div class="sip-message-changes">
      <span class="sip-message-passed">
        <Icon name="send" size={14} /> {what}, after {gapText((sent.micros - received.micros) / 1000).slice(1)}
      </span>
      {added + removed > 0 && <Toggle label="Compare" checked={comparing} onChange={onCompare} />}
    </div>
  )
}

function Coloured({ text }: { text: string }) {
  const lines = useMemo(() => sipLines(text), [text])
  return (
    <>
      {lines.map((tokens, i) => (
        <span key={i} class="sip-line">
          {tokens.map(({ kind, text: part }, at) =>
            kind === 'plain' ? (
              part
            ) : (
              <span key={at} class={`sip-${kind}`}>
                {spelled(part)}
              </span>
            ),
          )}
          {'\n'}
        </span>
      ))}
    </>
  )
}

const signs = { same: ' ', added: '+', removed: '−' } as const

function Diff({ diff }: { diff: readonly DiffLine[] }) {
  return (
    <>
      {diff.map(({ change, text }, i) => (
        <span key={i} class={`sip-line sip-diff-${change}`}>
          {signs[change]} {spelled(text)}
          {'\n'}
        </span>
      ))}
    </>
  )
}

function diffText(diff: readonly DiffLine[]): string {
  return diff.map(({ change, text }) => `${signs[change]} ${text}\n`).join('')
}
