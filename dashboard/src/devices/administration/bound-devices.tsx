import type { DeviceResource } from '../../../../contracts/http/device.ts'
import { request } from '../../http/client.ts'
import { Link } from '../../routing/link.tsx'
import { paths } from '../../routing/router.ts'
import { usePages } from '../../ui/use-pages.ts'

const pageSize = 50

/** The devices that a gateway speaks for; nothing where it speaks for none. */
export function BoundDevices({ gatewayId }: { gatewayId: string }) {
  const devices = usePages<Pick<DeviceResource, 'id' | 'name' | 'state'>>(gatewayId, (cursor) =>
    request('/api/devices', { query: { gatewayId, cursor, limit: pageSize } }),
  )
  if (devices.items === undefined || devices.items.length === 0) return null
  return (
    <section className="card" aria-label="Devices behind this gateway">
      <h2>Devices behind it</h2>
      <ul className="plain lines">
        {devices.items.map(({ id, name, state }) => (
          <li key={id}>
            <Link to={paths.device(id)}>{name}</Link>
            <span className="muted mono">{id}</span>
            {state !== 'registered' && <span className="muted">{state}</span>}
          </li>
        ))}
      </ul>
      {devices.hasMore && (
        <button type="button" className="more" disabled={devices.loading} onClick={devices.loadMore}>
          Show more
        </button>
      )}
    </section>
  )
}
