/** One call: what became of it, its ladder, and the message chosen in it. Over the whole width of the page. */
import type { ComponentChildren } from 'preact'
import { useMemo, useState } from 'preact/hooks'
import type { CallDetail, MessageView } from '../../../../src/base/live.js'
import { download } from '../../net/api.js'
import { href, param, setParams } from '../../router.js'
import { narrow, snug } from '../../state/screen.js'
import { AsyncButton, CopyButton } from '../../ui/button.js'
import { Dialog, Drawer } from '../../ui/dialog.js'
import { count, duration, plural, sentence, spelled } from '../../ui/format.js'
import { Icon } from '../../ui/icon.js'
import { Empty, Skeleton } from '../../ui/panel.js'
import { Split } from '../../ui/split.js'
import { Status } from '../../ui/status.js'
import { Time } from '../../ui/time.js'
import { Lasted, State, Who } from './columns.js'
import { roomyWidth } from './geometry.js'
import { type Line, ladderOf } from './ladder.js'
import { LadderView } from './ladder-view.js'
import { statusOf, titleOf } from './look.js'
import { MessagePane } from './message-pane.js'
import { Legs } from './party.js'
import { quoted } from './search.js'
import { useCall } from './use-call.js'

/** so much is left to the text of a message, in px: most headers fit in a line */
const textWidth = 360

export function CallDrawer({ id }: { id: string }) {
  const { call, problem } = useCall(id)
  return (
    <Drawer title={<Title call={call} />} onClose={() => setParams({ id: undefined, n: undefined })}>
      <div class="call">
        {call !== undefined && <Flow call={call} />}
        {call === undefined && problem === undefined && <Skeleton lines={8} />}
        {call === undefined && problem !== undefined && (
          <Empty icon="phone" title="This call cannot be shown">
            {sentence(problem)}
          </Empty>
        )}
      </div>
    </Drawer>
  )
}

function Title({ call }: { call: CallDetail | undefined }) {
  if (call === undefined) return <>Call</>
  return (
    <span class="call-title">
      <State call={call} />
      <b>{spelled(call.method ?? '')}</b>
      <Who call={call} />
    </span>
  )
}

function Flow({ call }: { call: CallDetail }) {
  const ladder = useMemo(() => ladderOf(call), [call])
  // by its number: the messages are other objects after every fetch
  const [chosenN, setChosenN] = useState(askedN)
  const [isOpen, setOpen] = useState(chosenN !== undefined)
  const { flow } = call
  const chosen = flow.find(({ n }) => n === chosenN) ?? flow.find(({ kind }) => kind === 'sip') ?? flow[0]
  const openText = () =>
    narrow.value ? setOpen(true) : document.querySelector<HTMLElement>('.sip-message pre')?.focus()
  const messages = (
    <LadderView ladder={ladder} chosen={chosen?.n} onChoose={(message) => setChosenN(message.n)} onOpen={openText} />
  )
  return (
    <>
      {narrow.value ? <NarrowSummary call={call} lines={ladder.lines} /> : <Summary call={call} />}
      {call.forgotten > 0 && (
        <Status tone="warning">
          {count(call.forgotten)} of its messages have left the memory of the gateway, and are not shown.
        </Status>
      )}
      {narrow.value ? (
        messages
      ) : (
        <Split
          label="Border between the ladder and the text"
          name="ladder"
          stacked={snug.value}
          usual={(total) => (snug.value ? total * 0.6 : Math.min(roomyWidth(ladder.lines), total - textWidth))}
          least={snug.value ? 160 : 300}
          first={messages}
          second={chosen !== undefined && <MessagePane key={chosen.n} flow={flow} message={chosen} />}
        />
      )}
      {narrow.value && isOpen && chosen !== undefined && (
        <MessageDialog flow={flow} message={chosen} onClose={() => setOpen(false)} />
      )}
    </>
  )
}

/** A link may be to one message of the call. */
function askedN(): number | undefined {
  const n = param('n')
  return n === undefined ? undefined : Number(n)
}

function MessageDialog(props: { flow: readonly MessageView[]; message: MessageView; onClose: () => void }) {
  const { flow, message, onClose } = props
  return (
    <Dialog title={spelled(titleOf(message))} onClose={onClose}>
      <MessagePane flow={flow} message={message} />
    </Dialog>
  )
}

function NarrowSummary({ call, lines }: { call: CallDetail; lines: readonly Line[] }) {
  return (
    <details class="call-more">
      <summary>
        <Time at={call.started_at} />, <Lasted call={call} />, {plural(call.messages, 'message')}
      </summary>
      <Summary call={call} />
      <Legs lines={lines} />
    </details>
  )
}

function Summary({ call }: { call: CallDetail }) {
  const status = statusOf(call)
  const path = `/calls/${encodeURIComponent(call.call_id)}/pcapng`
  return (
    <div class="call-summary">
      <dl>
        <Figure name="Started" value={<Time at={call.started_at} />} />
        <Figure name="Duration" value={<Lasted call={call} />} />
        {call.ring_ms !== undefined && <Figure name="Rang after" value={duration(call.ring_ms)} />}
        {call.answer_ms !== undefined && <Figure name="Answered after" value={duration(call.answer_ms)} />}
        {status !== undefined && <Figure name="Status" value={status} />}
        <Figure name="Messages" value={count(call.messages)} />
        {call.retransmissions > 0 && <Figure name="Repeated" value={count(call.retransmissions)} tone="warning" />}
        {call.errors > 0 && <Figure name="Errors" value={count(call.errors)} tone="bad" />}
        {call.agents.length > 0 && <Figure name="Also seen by" value={spelled(call.agents.join(', '))} />}
        <div class="call-id">
          <dt>Call-ID</dt>
          <dd>
            <code class="cut" title={spelled(call.call_id)}>
              {spelled(call.call_id)}
            </code>
            <CopyButton text={call.call_id} label="Copy Call-ID" />
          </dd>
        </div>
      </dl>
      <div class="row">
        {call.conn_ids.length > 0 && (
          <a class="button small" href={href('connections', { search: `call:${quoted(call.call_id)}` })}>
            <Icon name="plug" size={15} />
            Connections
          </a>
        )}
        <AsyncButton
          small
          icon="download"
          title="its messages for Wireshark, decrypted, without keys"
          run={() => download(path, `${fileName(call.call_id)}.pcapng`)}
          failed="The capture could not be made"
        >
          pcapng
        </AsyncButton>
      </div>
    </div>
  )
}

function Figure({ name, value, tone }: { name: string; value: ComponentChildren; tone?: 'warning' | 'bad' }) {
  return (
    <div class={tone === undefined ? undefined : `tone-${tone}`}>
      <dt>{name}</dt>
      <dd>
        {tone !== undefined && <Icon name={tone} size={14} />}
        {value}
      </dd>
    </div>
  )
}

function fileName(callId: string): string {
  return callId.replace(/[^\w.@-]+/g, '_').slice(0, 80)
}
