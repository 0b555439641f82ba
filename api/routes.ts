import { createAlertRoutes } from './alerts/routes.ts'
import { createRuleRoutes } from './alerts/rule-routes.ts'
import { createSilenceRoutes } from './alerts/silence-routes.ts'
import { createAuditRoutes } from './audit/routes.ts'
import { createNamedUserRoutes } from './auth/named-user-routes.ts'
import { createProfileRoutes } from './auth/profile-routes.ts'
import { createResidentRoutes } from './auth/resident-routes.ts'
import { createAuthRoutes } from './auth/routes.ts'
import { createCityRoutes } from './city/routes.ts'
import type { ApiDeps } from './deps.ts'
import { createBulkRoutes } from './devices/bulk-routes.ts'
import { createCommandRoutes } from './devices/command-routes.ts'
import { createProvisioningRoutes } from './devices/provisioning-routes.ts'
import { createDeviceRoutes } from './devices/routes.ts'
import { createAssignmentRoutes } from './dispatch/assignment-routes.ts'
import { createUnitRoutes } from './dispatch/unit-routes.ts'
import { createDocsRoutes } from './docs/routes.ts'
import { createBroadcastRoutes } from './emergency/broadcast-routes.ts'
import { createIncidentRoutes } from './emergency/incident-routes.ts'
import type { Limiters } from './http/rate-limits.ts'
import type { Route } from './http/route.ts'
import { createNoticeRoutes } from './notices/routes.ts'
import { createQuarantineRoutes } from './quarantine/routes.ts'
import { createExportRoutes } from './readings/export-routes.ts'
import { createIntakeRoutes } from './readings/intake-routes.ts'
import { createKindRoutes } from './readings/kind-routes.ts'
import { createLatestRoutes } from './readings/latest-routes.ts'
import { createSeriesRoutes } from './readings/series-routes.ts'
import { createSosEvidenceRoutes } from './sos/evidence-routes.ts'
import { createSosHandlingRoutes } from './sos/handling-routes.ts'
import { createNaariKavachSosRoutes } from './sos/naari-kavach-routes.ts'
import { createSosRoutes } from './sos/routes.ts'
import type { HealthCheck } from './system/health.ts'
import { createHealthRoutes } from './system/health-routes.ts'
import type { MetricsRegistry } from './system/metrics.ts'
import { createMetricsRoutes } from './system/metrics-routes.ts'
import type { ProcessGauge } from './system/process-gauge.ts'
import { createSystemRoutes } from './system/routes.ts'
import { createContactRoutes } from './users/contact-routes.ts'
import { createPrivacyRoutes } from './users/privacy-routes.ts'
import { createUserRoutes } from './users/routes.ts'
import { createSosPinRoutes } from './users/sos-pin-routes.ts'

export interface RouteDeps extends ApiDeps {
  readonly health: HealthCheck
  readonly gauge: ProcessGauge
  readonly limiters: Limiters
  readonly metrics: MetricsRegistry
}

/** Every route there is, in the order they are matched. */
export function createRoutes(deps: RouteDeps): Route[] {
  const { options, health } = deps
  const { version } = options
  const routes = [
    ...createAuthRoutes(deps),
    ...createProfileRoutes(deps),
    ...createResidentRoutes({ ...deps, otpBypass: options.otpBypass ?? false }),
    ...createNamedUserRoutes(deps),
    // Before the users by id: `export` and `me` are no ids.
    ...createPrivacyRoutes(deps),
    ...createContactRoutes(deps),
    ...createSosPinRoutes(deps),
    ...createUserRoutes(deps),
    ...createDeviceRoutes(deps),
    ...createBulkRoutes(deps),
    ...createCommandRoutes(deps),
    ...createProvisioningRoutes(deps),
    ...createKindRoutes(),
    ...createLatestRoutes(deps),
    ...createExportRoutes({ ...deps, tempDir: options.tempDir }),
    ...createIntakeRoutes(deps),
    ...createSeriesRoutes(deps),
    ...createAlertRoutes(deps),
    ...createRuleRoutes(deps),
    ...createSilenceRoutes(deps),
    ...createNoticeRoutes(deps),
    ...createSosRoutes(deps),
    ...createSosHandlingRoutes(deps),
    ...createSosEvidenceRoutes(deps),
    ...createNaariKavachSosRoutes(deps),
    ...createUnitRoutes(deps),
    ...createAssignmentRoutes(deps),
    ...createIncidentRoutes(deps),
    ...createBroadcastRoutes(deps),
    ...createQuarantineRoutes(deps),
    ...createCityRoutes(options),
    ...createAuditRoutes(deps),
    ...createHealthRoutes(health),
    ...createSystemRoutes({ ...deps, version }),
    ...createMetricsRoutes({ ...deps, version }),
  ]
  return [...routes, ...createDocsRoutes(routes, version)]
}
