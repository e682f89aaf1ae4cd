/**
 * The frame of every view: where we are, how the gateway is, whether something is being traced and for how long still,
 * and, when the stream broke, that what is shown is old.
 */
import { signal } from '@preact/signals'
import type { ComponentChildren, ComponentType } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import type { GatewayStatus } from '../../../src/base/status.js'
import { asked, signOut, token } from '../net/session.js'
import { href, route } from '../router.js'
import { now } from '../state/clock.js'
import { broken, overview, retryNow } from '../state/live.js'
import { nextTheme, theme } from '../state/theme.js'
import { type View, views } from '../views/table.js'
import { Button, IconButton } from './button.js'
import { CaptureBanner } from './capture-banner.js'
import { TopmostToasts } from './dialog.js'
import { duration, plural } from './format.js'
import { Help, helpOpen } from './help.js'
import { Icon } from './icon.js'
import { Empty, Skeleton } from './panel.js'
import { Badge, type Tone } from './status.js'
import { Countdown } from './time.js'
import { TokenDialog } from './token-dialog.js'

export function Shell() {
  const view = views.find(({ name }) => name === route.value.view)
  const attention = overview.value?.attention.filter(({ level }) => level !== 'info').length ?? 0
  useEffect(() => {
    document.title = `${attention > 0 ? `(${attention}) ` : ''}${view?.title ?? 'Not found'} · hepgate`
  }, [view, attention])
  return (
    <>
      <button type="button" class="skip" onClick={() => document.getElementById('main')?.focus()}>
        Skip to content
      </button>
      <header class="top">
        <a class="brand" href={href('overview')}>
          <img src="icon.svg" alt="" width="24" height="24" />
          hepgate
        </a>
        <nav class="nav" aria-label="Views">
          {views.map((one) => (
            <NavLink key={one.name} view={one} current={one === view} />
          ))}
        </nav>
        <div class="top-state">
          <TraceIndicator />
          <GatewayState status={overview.value?.status} />
        </div>
        <div class="top-actions">
          <IconButton icon={themeIcons[theme.value]} label={`Colours: ${theme.value}`} onClick={nextTheme} />
          <IconButton icon="help" label="Help and keyboard" onClick={() => (helpOpen.value = true)} />
          {token.value !== undefined && <IconButton icon="out" label="Forget the token" onClick={leave} />}
        </div>
      </header>
      <div class="banners">
        <LinkBanner />
        <CaptureBanner />
      </div>
      <main id="main" tabIndex={-1} data-stale={broken.value !== undefined}>
        {view === undefined ? <NotFound /> : <Lazy key={view.name} view={view} />}
      </main>
      {asked.value !== undefined && <TokenDialog why={asked.value} />}
      <Help />
      <TopmostToasts />
    </>
  )
}

const themeIcons = { system: 'system', light: 'sun', dark: 'moon' } as const

function NavLink({ view, current }: { view: View; current: boolean }) {
  return (
    <a href={href(view.name)} aria-current={current ? 'page' : undefined} title={`${view.title} (g ${view.key})`}>
      <Icon name={view.icon} />
      <span>{view.title}</span>
    </a>
  )
}

/** Views that were loaded once are there at once. */
const loaded = signal<ReadonlyMap<string, ComponentType>>(new Map())

function Lazy({ view }: { view: View }) {
  const [failed, setFailed] = useState(false)
  const Loaded = loaded.value.get(view.name)
  useEffect(() => {
    if (loaded.peek().has(view.name)) return
    view.load().then(
      (module) => {
        loaded.value = new Map([...loaded.value, [view.name, module.default]])
      },
      () => setFailed(true),
    )
  }, [])
  if (Loaded !== undefined) return <Loaded />
  // the files of the page have other names after an update of the gateway
  if (failed) {
    return (
      <Empty
        icon="warning"
        title="This view could not be loaded"
        action={<Button onClick={() => location.reload()}>Load the page again</Button>}
      >
        The gateway may have been updated since this page was opened.
      </Empty>
    )
  }
  return <Skeleton lines={6} />
}

function NotFound(): ComponentChildren {
  return (
    <Empty
      icon="search"
      title="There is no such view"
      action={
        <a class="button" href={href('overview')}>
          Go to the overview
        </a>
      }
    />
  )
}

function GatewayState({ status }: { status: GatewayStatus | undefined }) {
  if (broken.value !== undefined) return <Badge tone="bad">Not connected</Badge>
  if (status === undefined) return <Badge>Connecting</Badge>
  const { state, version, startedAt } = status
  const upMinutes = Math.floor((now.value - Date.parse(startedAt)) / 60_000)
  return (
    <Badge tone={stateTones[state]} title={`hepgate ${version} on Node.js ${status.node}, process ${status.pid}`}>
      {stateNames[state]}
      {state === 'running' && upMinutes > 0 && <small>{duration(upMinutes * 60_000)}</small>}
    </Badge>
  )
}

const stateTones: Readonly<Record<GatewayStatus['state'], Tone>> = {
  starting: 'info',
  running: 'good',
  draining: 'warning',
  stopped: 'bad',
}
const stateNames: Readonly<Record<GatewayStatus['state'], string>> = {
  starting: 'Starting',
  running: 'Running',
  draining: 'Draining',
  stopped: 'Stopped',
}

function TraceIndicator() {
  const trace = overview.value?.status.trace
  if (trace === undefined) return null
  const picked = trace.picked.length
  const on = trace.trace_mode === 'on'
  const what = on
    ? trace.scope === undefined
      ? 'Tracing'
      : 'Tracing, narrowed'
    : picked > 0
      ? `Tracing ${picked}`
      : 'Trace off'
  const title = on || picked > 0 ? `${plural(trace.tracedConnections, 'connection')} traced now` : 'Nothing is traced'
  const body = (
    <>
      <span class="rec" aria-hidden="true" />
      {what}
      {on && (trace.until === undefined ? <small>no end</small> : <Countdown until={trace.until} />)}
    </>
  )
  const look = `trace-indicator${on || picked > 0 ? ' on' : ''}`
  return views.some(({ name }) => name === 'trace') ? (
    <a class={look} href={href('trace')} title={title}>
      {body}
    </a>
  ) : (
    <span class={look} title={title}>
      {body}
    </span>
  )
}

function LinkBanner() {
  if (broken.value === undefined) return null
  const { reason, until } = broken.value
  const seconds = Math.max(0, Math.ceil((until - now.value) / 1000))
  return (
    <div class="banner" role="alert">
      <Icon name="warning" />
      <p>
        <b>{reason ?? 'Connection to the gateway lost.'}</b> What you see may be old.{' '}
        <span aria-hidden="true">Trying again {seconds === 0 ? 'now' : `in ${seconds} s`}.</span>
      </p>
      <Button small onClick={retryNow}>
        Try now
      </Button>
    </div>
  )
}

/** With the page goes everything the token had brought. */
function leave(): void {
  signOut()
  location.reload()
}
