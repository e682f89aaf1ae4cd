/**
 * A table of any length: only the rows in sight are in the page, each drawn again only when it is another object.
 * Arrows, Page Up/Down, Home and End move, Enter opens; a screen reader knows how many rows there are. On a phone
 * each row is a card, where the view says how.
 */
// biome-ignore-all lint/a11y/useSemanticElements: rows are placed by hand, which those of a <table> cannot be
// biome-ignore-all lint/a11y/useFocusableInteractive: the grid has the focus and names the row (aria-activedescendant)
import { Component, type ComponentChildren } from 'preact'
import { useEffect, useId, useRef, useState } from 'preact/hooks'
import { narrow } from '../state/screen.js'
import { IconButton } from './button.js'
import { Select } from './field.js'
import { Icon } from './icon.js'

export interface Column<T> {
  readonly id: string
  readonly title: string
  /** a grid track: `7rem`, `minmax(10rem, 2fr)` */
  readonly width: string
  readonly align?: 'end'
  /** a click on its head sorts by it */
  readonly sortable?: boolean
  readonly cell: (row: T) => ComponentChildren
}

export interface Sort {
  readonly column: string
  readonly descending: boolean
}

export interface TableProps<T> {
  readonly label: string
  /** make it once, outside the component: another array draws all rows again */
  readonly columns: readonly Column<T>[]
  /** with less room it scrolls sideways: `60rem` */
  readonly minWidth?: string
  readonly rows: readonly T[]
  readonly idOf: (row: T) => string
  readonly onOpen?: (row: T) => void
  /** id of the row that is open beside the table */
  readonly opened?: string | undefined
  readonly sort?: Sort
  readonly onSort?: (sort: Sort) => void
  /** a class for the row: `row-bad`, `row-muted` */
  readonly rowClass?: (row: T) => string
  /** how a row looks on a phone, and how high it is there */
  readonly card?: (row: T) => ComponentChildren
  readonly cardHeight?: number
  /** instead of rows */
  readonly empty?: ComponentChildren
}

const rowHeight = 38
/** rows drawn beyond either edge, so that scrolling shows no gaps */
const overscan = 6

export function Table<T>(props: TableProps<T>) {
  const {
    label,
    columns,
    minWidth,
    rows,
    idOf,
    onOpen,
    opened,
    sort,
    onSort,
    rowClass,
    card,
    cardHeight = 84,
    empty,
  } = props
  const id = useId()
  const grid = useRef<HTMLDivElement>(null)
  const [sight, setSight] = useState({ top: 0, height: 600 })
  const [active, setActive] = useState<string | undefined>(undefined)
  const asCards = narrow.value && card !== undefined
  const height = asCards ? cardHeight : rowHeight
  const first = Math.max(0, Math.floor(sight.top / height) - overscan)
  const last = Math.min(rows.length, Math.ceil((sight.top + sight.height) / height) + overscan)
  const activeIndex = active === undefined ? -1 : rows.findIndex((row) => idOf(row) === active)

  useEffect(() => {
    const element = grid.current!
    const observer = new ResizeObserver(() => setSight(sightOf(element)))
    observer.observe(element)
    return () => observer.disconnect()
  }, [])

  const moveTo = (index: number) => {
    const bounded = Math.max(0, Math.min(rows.length - 1, index))
    const element = grid.current!
    setActive(idOf(rows[bounded]!))
    const top = bounded * height
    if (top < element.scrollTop) element.scrollTop = top
    else if (top + height > element.scrollTop + element.clientHeight)
      element.scrollTop = top + height - element.clientHeight
  }
  const onKeyDown = (event: KeyboardEvent) => {
    if (rows.length === 0) return
    const page = Math.max(1, Math.floor(sight.height / height) - 1)
    if (event.key === 'Enter' && activeIndex >= 0) onOpen?.(rows[activeIndex]!)
    else if (event.key === 'ArrowDown') moveTo(activeIndex + 1)
    else if (event.key === 'ArrowUp') moveTo(activeIndex - 1)
    else if (event.key === 'PageDown') moveTo(activeIndex + page)
    else if (event.key === 'PageUp') moveTo(activeIndex - page)
    else if (event.key === 'Home') moveTo(0)
    else if (event.key === 'End') moveTo(rows.length - 1)
    else return
    event.preventDefault()
  }

  const table = (
    <div
      class={`table${asCards ? ' as-cards' : ''}`}
      role="grid"
      aria-label={label}
      aria-rowcount={rows.length + 1}
      aria-colcount={columns.length}
      tabIndex={0}
      aria-activedescendant={activeIndex >= first && activeIndex < last ? `${id}-${activeIndex}` : undefined}
      ref={grid}
      onKeyDown={onKeyDown}
      onScroll={(event) => setSight(sightOf(event.currentTarget))}
    >
      <div class="table-head" role="row" aria-rowindex={1} style={{ gridTemplateColumns: tracks(columns), minWidth }}>
        {columns.map((column) => (
          <Head key={column.id} column={column} sort={sort} onSort={onSort} />
        ))}
      </div>
      {rows.length === 0 && (
        <div role="row">
          <div role="gridcell">{empty}</div>
        </div>
      )}
      <div
        class="table-rows"
        role="presentation"
        style={{ height: `${rows.length * height}px`, minWidth: asCards ? undefined : minWidth }}
      >
        {rows.slice(first, last).map((row, i) => {
          const rowId = idOf(row)
          return (
            <Row
              key={rowId}
              row={row}
              domId={`${id}-${first + i}`}
              index={first + i}
              height={height}
              columns={columns}
              card={asCards ? card : undefined}
              look={`${rowClass?.(row) ?? ''}${rowId === active ? ' active' : ''}${rowId === opened ? ' opened' : ''}`}
              onClick={() => {
                setActive(rowId)
                onOpen?.(row)
              }}
            />
          )
        })}
      </div>
    </div>
  )
  // cards have no head to click on
  if (!asCards || sort === undefined || onSort === undefined) return table
  return (
    <>
      <CardSort columns={columns} sort={sort} onSort={onSort} />
      {table}
    </>
  )
}

interface CardSortProps<T> extends Required<Pick<TableProps<T>, 'columns' | 'sort' | 'onSort'>> {}

function CardSort<T>({ columns, sort, onSort }: CardSortProps<T>) {
  const { column, descending } = sort
  const options = columns.filter(({ sortable }) => sortable).map(({ id, title }) => ({ value: id, label: title }))
  return (
    <div class="table-sort">
      <Select
        label="Sorted by"
        value={column}
        options={options}
        onChange={(chosen) => onSort({ column: chosen, descending })}
      />
      <IconButton
        icon={descending ? 'down' : 'up'}
        label={`${descending ? 'Descending' : 'Ascending'}, turn round`}
        onClick={() => onSort({ column, descending: !descending })}
      />
    </div>
  )
}

interface RowProps<T> {
  readonly row: T
  readonly domId: string
  readonly index: number
  readonly height: number
  readonly columns: readonly Column<T>[]
  readonly card: ((row: T) => ComponentChildren) | undefined
  readonly look: string
  readonly onClick: () => void
}

class Row<T> extends Component<RowProps<T>> {
  override shouldComponentUpdate(next: RowProps<T>): boolean {
    const { row, index, height, columns, card, look } = this.props
    return (
      row !== next.row ||
      index !== next.index ||
      height !== next.height ||
      columns !== next.columns ||
      card !== next.card ||
      look !== next.look
    )
  }

  override render({ row, domId, index, height, columns, card, look }: RowProps<T>) {
    const place = { transform: `translateY(${index * height}px)`, height: `${height}px` }
    return (
      // biome-ignore lint/a11y/useKeyWithClickEvents: the grid around it has the keys
      <div
        id={domId}
        class={`table-row ${look}`}
        role="row"
        aria-rowindex={index + 2}
        aria-selected={look.includes('active')}
        style={card === undefined ? { ...place, gridTemplateColumns: tracks(columns) } : place}
        onClick={() => this.props.onClick()}
      >
        {card === undefined ? (
          columns.map((column) => (
            <div key={column.id} class={`table-cell${column.align === 'end' ? ' end' : ''}`} role="gridcell">
              {column.cell(row)}
            </div>
          ))
        ) : (
          <div class="table-card" role="gridcell">
            {card(row)}
          </div>
        )}
      </div>
    )
  }
}

function Head<T>(props: { column: Column<T>; sort: Sort | undefined; onSort: ((sort: Sort) => void) | undefined }) {
  const { column, sort, onSort } = props
  const end = column.align === 'end' ? ' end' : ''
  if (column.sortable !== true || onSort === undefined) {
    return (
      <div class={`table-cell${end}`} role="columnheader">
        {column.title}
      </div>
    )
  }
  const sorted = sort?.column === column.id
  const order = !sorted ? 'none' : sort.descending ? 'descending' : 'ascending'
  return (
    <div class={`table-cell${end}`} role="columnheader" aria-sort={order}>
      <button type="button" onClick={() => onSort({ column: column.id, descending: sorted ? !sort.descending : true })}>
        {column.title}
        {sorted && <Icon name={sort.descending ? 'down' : 'up'} size={12} />}
      </button>
    </div>
  )
}

function tracks<T>(columns: readonly Column<T>[]): string {
  return columns.map(({ width }) => width).join(' ')
}

function sightOf(element: HTMLElement): { top: number; height: number } {
  return { top: element.scrollTop, height: element.clientHeight }
}
