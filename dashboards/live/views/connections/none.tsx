/** What the table says when it has no rows: why, and what to do. */
import { overview } from '../../state/live.js'
import { Button } from '../../ui/button.js'
import { Empty } from '../../ui/panel.js'
import { searchFor } from './bar.js'
import { asksForClosed, lifeNames, replaced } from './search-text.js'

export function NoConnections({ search, problem }: { search: string; problem: string | undefined }) {
  const closed = asksForClosed(search)
  const clear = <Button onClick={() => searchFor(closed ? 'state:closed' : '')}>Clear the search</Button>
  if (problem !== undefined) {
    return (
      <Empty icon="search" title="There is no answer to this search" action={clear}>
        {problem}
      </Empty>
    )
  }
  if (closed) {
    return search.trim() === 'state:closed' ? (
      <Empty icon="plug" title="No connection was closed lately">
        Those that end, and those that never came to be, stay here for a while.
      </Empty>
    ) : (
      <Empty icon="search" title="None of those closed lately matches" action={clear}>
        Only the latest are kept; older ones are in the collector, if they were traced.
      </Empty>
    )
  }
  if (search.trim() !== '') {
    const among = replaced(search, lifeNames, ['state:closed'])
    return (
      <Empty
        icon="search"
        title="No live connection matches"
        action={
          <div class="row">
            <Button onClick={() => searchFor(among)}>Look among those closed lately</Button>
            {clear}
          </div>
        }
      >
        New ones that match appear here by themselves.
      </Empty>
    )
  }
  const sockets = overview.value?.status.listeners.map(({ socket }) => socket) ?? []
  return (
    <Empty
      icon="plug"
      title="Nobody is connected"
      action={<Button onClick={() => searchFor('state:closed')}>Look at those closed lately</Button>}
    >
      Phones and trunks appear here as soon as they connect{sockets.length > 0 && ` to ${sockets.join(' or ')}`}.
    </Empty>
  )
}
