/** The filter: its text in an editor, what is wrong with it, and what it says of the connections that are live now. */
import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import type { TraceStatus } from '../../../../src/base/status.js'
import { api } from '../../net/api.js'
import { toast, toastError } from '../../state/toasts.js'
import { AsyncButton, Button } from '../../ui/button.js'
import { count, plural } from '../../ui/format.js'
import { Card } from '../../ui/panel.js'
import { changed, configured, draft, type FilterView, filter, loadFilter, take, typed, write } from './draft.js'
import { type DryRun, type Trial, useDryRun } from './dry-run.js'
import type { Mistake, RouteEditor } from './editor/editor.js'
import { EditorField } from './editor/field.js'
import { examples, placeholder } from './examples.js'
import { DryRunResult } from './matches.js'

const noMistakes: readonly Mistake[] = []

export function FilterCard({ status }: { status: TraceStatus }) {
  const { text, revision } = draft.value
  const [turn, setTurn] = useState(0)
  const editor = useRef<RouteEditor | undefined>(undefined)
  const { scope } = status
  // nothing typed: whatever filter there is
  const trial = useDryRun({ route: changed.value ? text : undefined, scope }, `${turn} ${status.filterSource}`)
  const mistakes = useMemo(() => mistakesOf(trial), [trial])
  useEffect(() => {
    loadFilter().catch((error: unknown) => toastError('The filter could not be loaded', error))
  }, [status.filter, status.filterSource])

  return (
    <Card title="Filter" note={<Origin />} class="filter-card" actions={<Actions wrong={trial.state === 'refused'} />}>
      <div class="filter">
        <div class="filter-text">
          <EditorField
            text={text}
            revision={revision}
            label="Text of the filter"
            placeholder={placeholder}
            mistakes={mistakes}
            onChange={typed}
            onReady={(ready) => {
              editor.current = ready
            }}
          />
          <Mistakes mistakes={mistakes} onGo={(mistake) => editor.current?.goTo(mistake)} />
          <p class="filter-help muted">{text.trim() === '' ? <Examples /> : <Keys />}</p>
        </div>
        <DryRunResult trial={trial} narrowed={scope !== undefined} onAgain={() => setTurn(turn + 1)} />
      </div>
    </Card>
  )
}

/** Which filter is in place. */
function Origin() {
  const { name, source, text } = filter.value ?? {}
  if (filter.value === undefined) return null
  if (changed.value) return 'edited, not in place yet'
  if (name === undefined) return 'none: every connection is traced'
  if (source === 'api') return 'set from here, not in the configuration'
  return text === undefined ? `${name}, a module of the configuration` : `${name}, of the configuration`
}

function Actions({ wrong }: { wrong: boolean }) {
  const apply = async () => {
    const route = draft.value.text
    const { traced, total } = await api.put<DryRun>('/trace/filter', { route })
    take({ ...filter.value, source: 'api', text: route })
    toast(`The filter is in place: ${count(traced)} of ${plural(total, 'open connection')} would be traced.`)
  }
  const revert = async () => {
    const view = await api.delete<FilterView>('/trace/filter')
    filter.value = view
    write(view.text ?? '')
    toast('The filter is that of the configuration again.', 'info')
  }
  return (
    <>
      {changed.value && (
        <Button small tone="quiet" onClick={() => write(configured.value)}>
          Discard
        </Button>
      )}
      {filter.value?.source === 'api' && (
        <AsyncButton small run={revert} failed="The filter stays as it is">
          Revert to configured
        </AsyncButton>
      )}
      <AsyncButton
        small
        tone="primary"
        disabled={!changed.value || wrong}
        run={apply}
        failed="The filter stays as it is"
      >
        Apply
      </AsyncButton>
    </>
  )
}

function Examples() {
  return (
    <>
      Begin with{' '}
      {examples.map(({ name, text }) => (
        <Button key={name} small onClick={() => write(text)}>
          {name}
        </Button>
      ))}
    </>
  )
}

function Keys() {
  return (
    <>
      <kbd>$</kbd> offers variables, <kbd>Ctrl</kbd> <kbd>]</kbd> indents, <kbd>Tab</kbd> goes on to what is next. A
      filter is asked once per connection: those that have their verdict keep it.
    </>
  )
}

function Mistakes({ mistakes, onGo }: { mistakes: readonly Mistake[]; onGo: (mistake: Mistake) => void }) {
  if (mistakes.length === 0) return null
  return (
    <ul class="mistakes" aria-label="Mistakes">
      {mistakes.map((mistake) => (
        <li key={`${mistake.line}:${mistake.column} ${mistake.detail}`}>
          <button type="button" onClick={() => onGo(mistake)}>
            <span class="code">
              {mistake.line}:{mistake.column}
            </span>
            <span>{mistake.detail}</span>
          </button>
        </li>
      ))}
    </ul>
  )
}

function mistakesOf(trial: Trial): readonly Mistake[] {
  if (trial.state !== 'refused') return noMistakes
  return trial.errors.flatMap(({ line, column, detail }) =>
    line === undefined || column === undefined ? [] : [{ line, column, detail }],
  )
}
