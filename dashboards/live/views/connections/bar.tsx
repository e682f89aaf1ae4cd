/** What stands above the table: the search, ready-made searches, how many there are, and the hold. */
import { causes } from '../../../../src/base/errors.js'
import { searchFields } from '../../../../src/base/live.js'
import { setParams } from '../../router.js'
import { Announced } from '../../ui/announced.js'
import { IconButton } from '../../ui/button.js'
import { Segments } from '../../ui/field.js'
import { count, plural } from '../../ui/format.js'
import { SearchBox } from '../../ui/search-box.js'
import { CaptureButton } from './capture.js'
import { asksForClosed, type Chip, isOn, lifeNames, replaced, toggled } from './search-text.js'

const inOrder = Object.entries(causes).filter(([, { fate }]) => fate === 'ended')

const chips: readonly Chip[] = [
  { label: 'In handshake', title: 'Connections that are being set up', terms: ['state:handshake'] },
  { label: 'Weak TLS', title: 'Below TLS 1.2, which is deprecated', terms: ['version:<1.2'] },
  { label: 'Traced', title: 'Connections that are being traced', terms: ['traced:yes'] },
  { label: 'Outgoing', title: 'Opened by the gateway', terms: ['direction:out'] },
  {
    label: 'Failed',
    title: 'Closed lately, and not in order: handshakes that failed, resets, timeouts',
    terms: ['state:closed', ...inOrder.map(([cause]) => `-cause:${cause}`)],
  },
]

const lives = [
  { value: 'live', label: 'Live' },
  { value: 'closed', label: 'Closed lately' },
] as const

export interface BarProps {
  readonly search: string
  readonly error: string | undefined
  /** of all that match; undefined: not known yet */
  readonly matching: number | undefined
  /** of all that are live */
  readonly open: number | undefined
  /** of those that are shown */
  readonly traced: number
  readonly held: boolean
  readonly onHold: (held: boolean) => void
}

export function Bar({ search, error, matching, open, traced, held, onHold }: BarProps) {
  const closed = asksForClosed(search)
  return (
    <div class="view-bar connections-bar">
      <SearchBox
        label="Search the connections"
        placeholder="alice, 203.0.113.0/24, version:1.2 …"
        fields={searchFields}
        value={search}
        error={error}
        onChange={(text) => setParams({ search: text }, { replace: true })}
      />
      <div class="row connections-count">
        <Matching closed={closed} search={search} matching={matching} open={open} />
        <CaptureButton search={search} closed={closed} matching={matching} traced={traced} />
        <IconButton
          icon={held ? 'play' : 'pause'}
          label={held ? 'Let the list move again' : 'Hold the list still'}
          pressed={held}
          onClick={() => onHold(!held)}
        />
      </div>
      <div class="row chips">
        <Segments
          label="Which connections"
          value={closed ? 'closed' : 'live'}
          options={lives}
          onChange={(life) => searchFor(replaced(search, lifeNames, life === 'closed' ? ['state:closed'] : []))}
        />
        {chips.map((chip) => (
          <button
            key={chip.label}
            type="button"
            class="chip"
            title={chip.title}
            aria-pressed={isOn(search, chip)}
            onClick={() => searchFor(toggled(search, chip))}
          >
            {chip.label}
          </button>
        ))}
      </div>
    </div>
  )
}

export function searchFor(search: string): void {
  setParams({ search })
}

/** 37 of 5,012 */
function Matching(props: Pick<BarProps, 'search' | 'matching' | 'open'> & { closed: boolean }) {
  const { search, matching, open, closed } = props
  const life = closed ? 'closed lately' : 'live'
  const all = closed || search.trim() === '' ? undefined : open
  return (
    <>
      <Announced text={matching === undefined ? undefined : `${plural(matching, 'connection')} ${life}`} />
      {matching !== undefined && (
        <p>
          <b>{count(matching)}</b>
          <span class="muted">
            {all !== undefined && ` of ${count(all)}`} {life}
          </span>
        </p>
      )}
    </>
  )
}
