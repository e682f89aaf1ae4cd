/** What a filter says of the live connections: how many it would trace, and of some of them which and why. */
import { href } from '../../router.js'
import { IconButton } from '../../ui/button.js'
import { clock, count, plural, spelled } from '../../ui/format.js'
import { Skeleton } from '../../ui/panel.js'
import { Status } from '../../ui/status.js'
import type { DryRun, Trial } from './dry-run.js'

export interface DryRunResultProps {
  readonly trial: Trial
  /** the scope of the trace that is on counts too */
  readonly narrowed: boolean
  readonly onAgain: () => void
}

export function DryRunResult({ trial, narrowed, onAgain }: DryRunResultProps) {
  return (
    <section class="dry-run" aria-labelledby="dry-run">
      <header>
        <h3 id="dry-run">On the live connections</h3>
        {trial.state === 'known' && <span class="muted">as of {clock(trial.at)}</span>}
        <IconButton icon="refresh" label="Run again" onClick={onAgain} />
      </header>
      {trial.state === 'asking' && <Skeleton lines={4} />}
      {trial.state === 'refused' && <Refused errors={trial.errors} detail={trial.detail} />}
      {trial.state === 'known' && <Result run={trial.run} narrowed={narrowed} />}
    </section>
  )
}

/** The mistakes of a text stand below it; whatever else kept the gateway from trying it stands here. */
function Refused({ errors, detail }: Omit<Extract<Trial, { state: 'refused' }>, 'state'>) {
  if (errors.some(({ line }) => line !== undefined)) {
    return <p class="muted">Nothing to say while the text has mistakes.</p>
  }
  return <Status tone="warning">{detail}</Status>
}

function Result({ run, narrowed }: { run: DryRun; narrowed: boolean }) {
  const { total, traced, matches } = run
  if (total === 0) return <p class="muted">No connection is open, so there is nothing to try it on.</p>
  return (
    <>
      <p class="dry-run-count">
        <b>{count(traced)}</b> of {plural(total, 'connection')} would be traced
        {narrowed && <span class="muted">, within the scope that is on</span>}
      </p>
      <div class="dry-run-bar" aria-hidden="true">
        <span style={{ width: `${(traced / total) * 100}%` }} />
      </div>
      <div class="dry-run-rows">
        <table class="plain">
          <caption class="sr-only">Live connections and what the filter says of them</caption>
          <thead>
            <tr>
              <th scope="col">Connection</th>
              <th scope="col">Verdict</th>
              <th scope="col">Because</th>
            </tr>
          </thead>
          <tbody>
            {matches.map((match) => (
              <tr key={match.conn_id}>
                <td>
                  <a href={href('connections', { id: match.conn_id })} class="code">
                    {match.peer}
                  </a>
                  {match.tls_sni !== undefined && <span class="muted cut">{spelled(match.tls_sni)}</span>}
                </td>
                <td>
                  <Status tone={match.traced ? 'good' : 'neutral'}>{match.traced ? 'trace' : 'drop'}</Status>
                </td>
                <td>{match.why}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {total > matches.length && <p class="muted">The first {count(matches.length)} are shown.</p>}
    </>
  )
}
