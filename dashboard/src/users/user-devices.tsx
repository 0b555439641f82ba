import type { DeviceResource } from '../../../contracts/http/device.ts'
import { request } from '../http/client.ts'
import type { Decoded } from '../http/decoded.ts'
import { Link } from '../routing/link.tsx'
import { paths } from '../routing/router.ts'
import { Failed } from '../ui/states.tsx'
import { type Page, usePages } from '../ui/use-pages.ts'

const pageSize = 20

/** The devices that belong to a person. */
export function UserDevices({ ownerId }: { ownerId: string }) {
  const devices = usePages<Decoded<DeviceResource>>(ownerId, (cursor) =>
    request<Page<Decoded<DeviceResource>>>('/api/devices', { query: { ownerId, cursor, limit: pageSize } }),
  )
  return (
    <section aria-label="Their devices">
      <h3>Their devices</h3>
      {devices.error !== undefined && <Failed what="their devices" error={devices.error} onRetry={devices.reload} />}
      {devices.items?.length === 0 && <p className="muted">None.</p>}
      <ul className="plain lines">
        {devices.items?.map(({ id, name, state }) => (
          <li key={id}>
            <Link to={paths.device(id)}>{name}</Link>
            <span className="muted mono">{id}</span>
            {state !== 'registered' && <span className="muted">{state}</span>}
          </li>
        ))}
      </ul>
      {devices.hasMore && (
        <button type="button" className="more" disabled={devices.loading} onClick={devices.loadMore}>
          Show more devices
        </button>
      )}
    </section>
  )
}
