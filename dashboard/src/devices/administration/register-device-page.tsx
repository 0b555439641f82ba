import { type FormEvent, useId, useState } from 'react'
import type { DeviceResource } from '../../../../contracts/http/device.ts'
import { request } from '../../http/client.ts'
import { Link } from '../../routing/link.tsx'
import { paths } from '../../routing/router.ts'
import { useMay } from '../../session/permissions.ts'
import { Field } from '../../ui/field.tsx'
import { useAttempt } from '../../ui/use-attempt.ts'
import { PersonPicker } from '../../users/person-picker.tsx'
import { Crumbs } from './crumbs.tsx'
import { type DeviceForm, emptyDeviceForm, findProblems, toDeviceInput } from './device-form.ts'
import { DevicePicker } from './device-picker.tsx'
import { DeviceSecret } from './device-secret.tsx'
import { KindChoice } from './kind-choice.tsx'
import { PositionField } from './position-field.tsx'

interface Registered {
  readonly device: Pick<DeviceResource, 'id' | 'name' | 'kinds'>
  readonly secret: string
}

const idName = 'device-id'

/** One new device. What several of a kind have in common stays in the form for the next. */
export function RegisterDevicePage() {
  const [form, setForm] = useState(emptyDeviceForm)
  const [isChecked, setIsChecked] = useState(false)
  const [registered, setRegistered] = useState<Registered>()
  const attempt = useAttempt()
  const idProblemId = useId()
  const problemId = useId()
  const mayPickOwner = useMay('users.read')
  const problems = isChecked ? findProblems(form) : {}

  function change(part: Partial<DeviceForm>): void {
    setForm({ ...form, ...part })
  }

  async function submit(event: FormEvent<HTMLFormElement>): Promise<void> {
    event.preventDefault()
    setIsChecked(true)
    const found = findProblems(form)
    const idField = event.currentTarget.elements.namedItem(idName)
    if (found.id !== undefined && idField instanceof HTMLElement) idField.focus()
    if (Object.keys(found).length > 0) return
    await attempt.run(async () => {
      setRegistered(await request<Registered>('/api/devices', { method: 'POST', body: toDeviceInput(form) }))
      setForm({ ...form, id: '', name: '', position: emptyDeviceForm.position })
      setIsChecked(false)
    })
  }

  if (registered !== undefined) {
    return (
      <div className="page narrow">
        <Crumbs here="Register" />
        <h1>Registered</h1>
        <DeviceSecret {...registered} onDone={() => setRegistered(undefined)} />
        <p>
          <Link to={paths.device(registered.device.id)}>Open the page of {registered.device.name}</Link>
        </p>
      </div>
    )
  }
  return (
    <div className="page narrow">
      <Crumbs here="Register" />
      <header className="page-head">
        <h1>Register a device</h1>
        <Link to={paths.importDevices}>Many at once, from a file</Link>
      </header>
      <form className="card admin-form" noValidate onSubmit={(event) => void submit(event)}>
        <Field
          label="Id"
          name={idName}
          takesFocus
          className="mono"
          autoComplete="off"
          autoCapitalize="off"
          spellCheck={false}
          maxLength={64}
          value={form.id}
          aria-invalid={problems.id !== undefined}
          problemId={idProblemId}
          onValue={(id) => change({ id })}
        />
        <p id={idProblemId} className="problem" role="alert">
          {problems.id}
        </p>
        <Field
          label="Name"
          hint="The id, when empty."
          autoComplete="off"
          maxLength={120}
          value={form.name}
          onValue={(name) => change({ name })}
        />
        <KindChoice chosen={form.kinds} onChange={(kinds) => change({ kinds })} />
        <PositionField text={form.position} problem={problems.position} onChange={(position) => change({ position })} />
        <DevicePicker
          label="Gateway that speaks for it, if one does"
          chosen={form.gateway}
          onChoose={(gateway) => change({ gateway })}
        />
        {mayPickOwner && (
          <PersonPicker
            label="Owner, if it belongs to a person"
            chosen={form.owner}
            describedBy={problemId}
            onChoose={(owner) => change({ owner })}
          />
        )}
        <p id={problemId} className="problem" role="alert">
          {attempt.problem}
        </p>
        <div className="row end">
          <button type="submit" className="primary" disabled={attempt.busy}>
            {attempt.busy ? 'Registering …' : 'Register'}
          </button>
        </div>
      </form>
    </div>
  )
}
