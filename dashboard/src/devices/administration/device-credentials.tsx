import { useState } from 'react'
import type { Device } from '../../../../contracts/device.ts'
import { request } from '../../http/client.ts'
import { navigate, paths } from '../../routing/router.ts'
import { Confirm } from '../../ui/dialog.tsx'
import { useAttempt } from '../../ui/use-attempt.ts'

type CredentialedDevice = Pick<Device, 'id' | 'name' | 'kinds' | 'state'>

interface DeviceCredentialsProps {
  readonly device: CredentialedDevice
  /** A new one, to be shown once. */
  readonly onSecret: (secret: string) => void
  readonly onChanged: () => void
}

type Step = 'credentials' | 'revoke' | 'decommission' | 'forget'

interface StepWords {
  readonly button: string
  readonly title: (name: string) => string
  readonly action: string
  readonly what: string
  readonly done: string
}

const steps: Readonly<Record<Step, StepWords>> = {
  credentials: {
    button: 'New secret …',
    title: (name) => `Give ${name} a new secret?`,
    action: 'Give a new secret',
    what: 'The old secret and every certificate made before stop working, and its connection is closed at once. The new secret is shown to you once.',
    done: '',
  },
  revoke: {
    button: 'Revoke …',
    title: (name) => `Shut ${name} out?`,
    action: 'Revoke',
    what: 'Its connection is closed at once, and it cannot connect until it gets a new secret.',
    done: 'Revoked: it cannot connect until it gets a new secret.',
  },
  decommission: {
    button: 'Decommission …',
    title: (name) => `Take ${name} out of service for good?`,
    action: 'Decommission',
    what: 'Its connection is closed, and it can never connect again. What it was and what it measured stays.',
    done: 'Decommissioned.',
  },
  forget: {
    button: 'Forget …',
    title: (name) => `Forget ${name}?`,
    action: 'Forget',
    what: 'Its connection is closed and its id is free again; devices bound to it are bound to nothing. Its readings stay. To keep the record, decommission it instead.',
    done: '',
  },
}

const meanings: Readonly<Record<CredentialedDevice['state'], string>> = {
  registered: 'It may connect with its secret.',
  revoked: 'It is shut out until it gets a new secret.',
  decommissioned: 'It is out of service for good.',
}

/** What opens the door for a device: another secret, or none any more. */
export function DeviceCredentials({ device, onSecret, onChanged }: DeviceCredentialsProps) {
  const [asked, setAsked] = useState<Step>()
  const [outcome, setOutcome] = useState<string>()
  const attempt = useAttempt()
  const path = `/api/devices/${encodeURIComponent(device.id)}`

  function take(step: Step): Promise<boolean> {
    setOutcome(undefined)
    return attempt.run(async () => {
      if (step === 'forget') {
        await request(path, { method: 'DELETE' })
        navigate(paths.devices)
        return
      }
      const answer = await request<{ readonly secret?: string }>(`${path}/${step}`, { method: 'POST' })
      if (answer.secret !== undefined) onSecret(answer.secret)
      setOutcome(steps[step].done)
      onChanged()
    })
  }

  return (
    <section className="card" aria-label="Credentials">
      <h2>Credentials</h2>
      <p className="muted">{meanings[device.state]}</p>
      <div className="row wrap">
        {offered(device.state).map((step) => (
          <button
            key={step}
            type="button"
            className={step === 'credentials' ? undefined : 'danger'}
            disabled={attempt.busy}
            onClick={() => setAsked(step)}
          >
            {steps[step].button}
          </button>
        ))}
      </div>
      <p className="outcome" role="status">
        {outcome}
      </p>
      <p className="problem" role="alert">
        {attempt.problem}
      </p>
      {asked !== undefined && (
        <Confirm
          title={steps[asked].title(device.name)}
          action={steps[asked].action}
          keep="Cancel"
          onClose={() => setAsked(undefined)}
          onConfirm={() => void take(asked)}
        >
          <p>{steps[asked].what}</p>
        </Confirm>
      )}
    </section>
  )
}

function offered(state: CredentialedDevice['state']): readonly Step[] {
  if (state === 'decommissioned') return ['forget']
  return state === 'revoked'
    ? ['credentials', 'decommission', 'forget']
    : ['credentials', 'revoke', 'decommission', 'forget']
}
