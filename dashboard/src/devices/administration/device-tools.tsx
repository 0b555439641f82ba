import { Link } from '../../routing/link.tsx'
import { paths } from '../../routing/router.ts'
import { useMay } from '../../session/permissions.ts'

/** Ways for devices to come in, for those who may let them. */
export function DeviceTools() {
  const mayManage = useMay('devices.manage')
  const mayProvision = useMay('provisioning.manage')
  if (!mayManage && !mayProvision) return null
  return (
    <nav className="head-end row wrap" aria-label="Administration of devices">
      {mayManage && (
        <>
          <Link className="button" to={paths.registerDevice}>
            Register a device
          </Link>
          <Link className="button" to={paths.importDevices}>
            Import
          </Link>
        </>
      )}
      {mayProvision && (
        <Link className="button" to={paths.provisioningKeys}>
          Provisioning keys
        </Link>
      )}
    </nav>
  )
}
