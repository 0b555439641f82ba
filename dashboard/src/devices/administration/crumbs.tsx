import { Link } from '../../routing/link.tsx'
import { paths } from '../../routing/router.ts'

/** @param here the page one is on, below the devices */
export function Crumbs({ here }: { here: string }) {
  return (
    <nav className="crumbs" aria-label="Where you are">
      <Link to={paths.devices}>Devices</Link>
      <span aria-hidden="true"> / </span>
      <span aria-current="page">{here}</span>
    </nav>
  )
}
