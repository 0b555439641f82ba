import { useState } from 'react'
import type { AuditEntryResource } from '../../../contracts/http/audit.ts'
import type { Decoded } from '../http/decoded.ts'
import { Link } from '../routing/link.tsx'
import { paths } from '../routing/router.ts'
import { CopyButton } from '../ui/copy-button.tsx'
import { Age, Time } from '../ui/time.tsx'
import { nameReference, own, type Reference, sayEntry } from './audit-sentences.ts'
import { layOutDetail } from './detail-lines.ts'

export type AuditEntry = Decoded<AuditEntryResource>

interface AuditLineProps {
  readonly entry: AuditEntry
  /** Of people, by id. */
  readonly names: ReadonlyMap<string, string>
}

/** One line as a sentence; unfolded, all that is written. */
export function AuditLine({ entry, names }: AuditLineProps) {
  const [isOpen, setIsOpen] = useState(false)
  return (
    <li className="audit-line">
      <span className="audit-when muted">
        <Time atMs={entry.atMs} />
        <Age atMs={entry.atMs} />
      </span>
      <div className="audit-what">
        <p>
          {sayEntry(entry).map((part, at) =>
            // biome-ignore lint/suspicious/noArrayIndexKey: the pieces of a sentence never change places
            typeof part === 'string' ? part : <Named key={at} reference={part} names={names} />,
          )}
        </p>
        <details onToggle={(event) => setIsOpen(event.currentTarget.open)}>
          <summary>Details</summary>
          {isOpen && (
            <>
              <EntryFacts entry={entry} />
              <div className="row wrap">
                <Link to={paths.auditBy(entry.actor)}>More by whoever did it</Link>
                {entry.subject !== undefined && <Link to={paths.auditAbout(entry.subject)}>More about the same</Link>}
                <CopyButton text={toJson(entry)} what="the line as JSON" label="Copy as JSON" />
              </div>
            </>
          )}
        </details>
      </div>
    </li>
  )
}

function EntryFacts({ entry }: { entry: AuditEntry }) {
  return (
    <dl className="facts">
      <div>
        <dt>Action</dt>
        <dd className="mono">{entry.action}</dd>
      </div>
      <div>
        <dt>By</dt>
        <dd className="mono">{entry.actor}</dd>
      </div>
      {entry.subject !== undefined && (
        <div>
          <dt>About</dt>
          <dd className="mono">{entry.subject}</dd>
        </div>
      )}
      {layOutDetail(entry.detail).map(({ name, value }) => (
        <div key={name}>
          <dt className="mono">{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
      <div>
        <dt>Number</dt>
        <dd className="number">{entry.seq}</dd>
      </div>
    </dl>
  )
}

interface NamedProps {
  readonly reference: Reference
  readonly names: ReadonlyMap<string, string>
}

/** Leads to the page of somebody or something that has one. */
function Named({ reference, names }: NamedProps) {
  const { noun, id } = reference
  const name = nameReference(reference, names)
  const to = own(pages, noun)?.(id)
  return to === undefined ? <strong>{name}</strong> : <Link to={to}>{name}</Link>
}

const pages: Readonly<Record<string, (id: string) => string>> = {
  user: paths.user,
  device: paths.device,
  alert: paths.alert,
  'provisioning-key': () => paths.provisioningKeys,
}

/** As the API gave it. */
function toJson({ id, seq, atMs, actor, actorName, action, subject, detail }: AuditEntry): string {
  const at = new Date(atMs).toISOString()
  const whole = { id, seq, at, actor, actorName: actorName ?? null, action, subject: subject ?? null, detail }
  return JSON.stringify(whole, undefined, 2)
}
