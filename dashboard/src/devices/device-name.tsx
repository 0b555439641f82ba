import { Link } from '../routing/link.tsx'
import { paths } from '../routing/router.ts'
import { useMay } from '../session/permissions.ts'

/** A device's name, leading to its page for whoever may open that. */
export function DeviceName({ id, name = id }: { id: string; name?: string | undefined }) {
  const mayOpen = useMay('readings.survey')
  return mayOpen ? <Link to={paths.device(id)}>{name}</Link> : <strong>{name}</strong>
}
