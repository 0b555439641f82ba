import { useState } from 'react'
import type { AccountSettings } from '../../../contracts/account-settings.ts'
import { useAttempt } from '../ui/use-attempt.ts'
import { saveProfile } from './save-profile.ts'

type Settings = AccountSettings['accessibilitySettings']

const groups: readonly {
  readonly title: string
  readonly settings: readonly { readonly name: keyof Settings; readonly label: string }[]
}[] = [
  {
    title: 'Here, and in the apps',
    settings: [
      { name: 'highContrast', label: 'High contrast' },
      { name: 'largeIconsMode', label: 'Larger text and icons' },
      { name: 'reducedMotion', label: 'Less motion' },
    ],
  },
  {
    title: 'In the apps',
    settings: [
      { name: 'screenReader', label: 'Made for a screen reader' },
      { name: 'voiceNavigation', label: 'Spoken directions' },
      { name: 'vibrationAlerts', label: 'Alerts vibrate' },
      { name: 'tapPatternSOS', label: 'SOS by a pattern of taps' },
    ],
  },
]

/** What one needs to be able to use this. A change counts at once, wherever one is signed in. */
export function ComfortCard({ settings }: { settings: Settings }) {
  const attempt = useAttempt()
  /** Ticked or not, until the server has answered. */
  const [wanted, setWanted] = useState<Partial<Settings>>({})

  async function change(name: keyof Settings, value: boolean): Promise<void> {
    const accessibilitySettings = { [name]: value }
    setWanted((earlier) => ({ ...earlier, ...accessibilitySettings }))
    await attempt.run(() => saveProfile({ accessibilitySettings }))
    setWanted(({ [name]: _settled, ...others }) => others)
  }

  return (
    <section className="card" aria-label="Accessibility">
      <h2>Accessibility</h2>
      {groups.map(({ title, settings: choices }) => (
        <fieldset key={title} className="checks">
          <legend>{title}</legend>
          {choices.map(({ name, label }) => (
            <label key={name} className="check">
              <input
                type="checkbox"
                checked={wanted[name] ?? settings[name]}
                onChange={(event) => void change(name, event.target.checked)}
              />
              {label}
            </label>
          ))}
        </fieldset>
      ))}
      <p className="problem" role="alert">
        {attempt.problem}
      </p>
    </section>
  )
}
