import { useState } from 'react'
import type { Device } from '../../../../contracts/device.ts'
import { request } from '../../http/client.ts'
import { useQuery } from '../../http/use-query.ts'
import { Link } from '../../routing/link.tsx'
import { paths } from '../../routing/router.ts'
import type { Choice } from '../../ui/choice.ts'
import { Confirm } from '../../ui/dialog.tsx'
import { useAttempt } from '../../ui/use-attempt.ts'
import type { Person } from '../../users/person.ts'
import { PersonPicker } from '../../users/person-picker.tsx'
import { DevicePicker } from './device-picker.tsx'

interface DeviceTiesProps {
  readonly device: Pick<Device, 'id' | 'name' | 'state' | 'ownerId' | 'gatewayId' | 'isPersonal'>
  readonly onChanged: () => void
}

type Tie = 'ownerId' | 'gatewayId'

/** Whom a device belongs to, and which other device speaks for it. */
export function DeviceTies({ device, onChanged }: DeviceTiesProps) {
  const [picks, setPicks] = useState<Tie>()
  const [loosens, setLoosens] = useState<Tie>()
  const [returns, setReturns] = useState(false)
  const attempt = useAttempt()
  const isInService = device.state !== 'decommissioned'

  function change(body: Readonly<Record<string, unknown>>): Promise<boolean> {
    return attempt.run(async () => {
      await request(`/api/devices/${encodeURIComponent(device.id)}`, { method: 'PATCH', body })
      setPicks(undefined)
      onChanged()
    })
  }

  function choose(tie: Tie): (choice: Choice | undefined) => void {
    return (choice) => choice !== undefined && void change({ [tie]: choice.id })
  }

  const ties = [
    { tie: 'ownerId', name: 'Owner', none: 'nobody', id: device.ownerId },
    { tie: 'gatewayId', name: 'Gateway', none: 'none', id: device.gatewayId },
  ] as const
  return (
    <section className="card" aria-label="Owner and gateway">
      <h2>Owner and gateway</h2>
      <dl className="facts">
        {ties.map(({ tie, name, none, id }) => (
          <div key={tie}>
            <dt>{name}</dt>
            <dd className="row wrap tie">
              {id === undefined && <span className="muted">{none}</span>}
              {id !== undefined && (tie === 'ownerId' ? <Owner id={id} /> : <Link to={paths.device(id)}>{id}</Link>)}
              {isInService && (
                <>
                  <button type="button" className="link" disabled={attempt.busy} onClick={() => setPicks(tie)}>
                    {id === undefined ? 'Assign' : 'Change'}
                  </button>
                  {id !== undefined && (
                    <button type="button" className="link" disabled={attempt.busy} onClick={() => setLoosens(tie)}>
                      Remove
                    </button>
                  )}
                </>
              )}
            </dd>
          </div>
        ))}
        {device.isPersonal && (
          <div>
            <dt>Where it is</dt>
            <dd className="row wrap tie">
              <span className="muted">
                {device.ownerId === undefined
                  ? 'told to dispatchers alone: it may still be worn'
                  : 'told to its owner and dispatchers alone'}
              </span>
              {isInService && device.ownerId === undefined && (
                <button type="button" className="link" disabled={attempt.busy} onClick={() => setReturns(true)}>
                  It is the city’s again …
                </button>
              )}
            </dd>
          </div>
        )}
      </dl>
      {picks !== undefined && (
        <>
          {picks === 'ownerId' && <PersonPicker label="New owner" chosen={undefined} onChoose={choose('ownerId')} />}
          {picks === 'gatewayId' && (
            <DevicePicker label="New gateway" chosen={undefined} onChoose={choose('gatewayId')} />
          )}
          {picks === 'ownerId' && (
            <p className="muted">
              {device.ownerId === undefined
                ? 'The device becomes a personal one: only its owner and dispatchers are told where it is.'
                : 'Its name, labels and position are forgotten: they are not for the next owner to know.'}
            </p>
          )}
          <div className="row end">
            <button type="button" onClick={() => setPicks(undefined)}>
              Cancel
            </button>
          </div>
        </>
      )}
      <p className="problem" role="alert">
        {attempt.problem}
      </p>
      {returns && (
        <Confirm
          title={`Is ${device.name} the city’s again?`}
          action="It is the city’s"
          keep="Not yet"
          onClose={() => setReturns(false)}
          onConfirm={() => void change({ isPersonal: false })}
        >
          <p>Everybody who watches the city is then shown where it is. Say so once nobody wears it any more.</p>
        </Confirm>
      )}
      {loosens !== undefined && (
        <Confirm
          title={loosens === 'ownerId' ? `Take ${device.name} from its owner?` : `Take ${device.name} off its gateway?`}
          action="Remove"
          onClose={() => setLoosens(undefined)}
          onConfirm={() => void change({ [loosens]: null })}
        >
          <p>
            {loosens === 'ownerId'
              ? 'They see it no more, and its name, labels and position are forgotten. Where it is stays between few until you say that it is the city’s again.'
              : 'What the gateway says for it is refused from then on.'}
          </p>
        </Confirm>
      )}
    </section>
  )
}

/** By name; the id while it is not known. */
function Owner({ id }: { id: string }) {
  const owner = useQuery(id, (signal) => request<Person>(`/api/users/${encodeURIComponent(id)}`, { signal }))
  return <Link to={paths.user(id)}>{owner.data?.name ?? id}</Link>
}
