/** Every route of /api/v1 and the probes of orchestrators; /mi has its own parser and stands apart. */
import type { FastifyInstance } from 'fastify'
import type { Ports } from '../ports.js'
import { auditRoutes } from './audit.js'
import { callRoutes } from './calls.js'
import { captureRoutes } from './captures.js'
import { collectorRoutes } from './collector.js'
import { connectionRoutes } from './connections.js'
import { destinationRoutes } from './destinations.js'
import { domainRoutes } from './domains.js'
import { eventRoutes } from './events.js'
import { filterRoutes } from './filter.js'
import { keylogRoutes } from './keylog.js'
import { logRoutes } from './log.js'
import { metricsRoutes } from './metrics.js'
import { overviewRoutes } from './overview.js'
import { pickRoutes } from './picks.js'
import { reloadRoutes } from './reload.js'
import { statusRoutes } from './status.js'
import { traceRoutes } from './trace.js'

export const routes: readonly ((app: FastifyInstance, ports: Ports) => void)[] = [
  overviewRoutes,
  statusRoutes,
  metricsRoutes,
  connectionRoutes,
  pickRoutes,
  keylogRoutes,
  callRoutes,
  captureRoutes,
  eventRoutes,
  traceRoutes,
  filterRoutes,
  destinationRoutes,
  domainRoutes,
  auditRoutes,
  collectorRoutes,
  logRoutes,
  reloadRoutes,
]
