import { Dialog } from './dialog.tsx'
import { Mark } from './mark.tsx'
import { markNames } from './shapes.ts'
import { type Shortcut, useOfferedShortcuts } from './shortcuts.ts'

/** What the keys do here, and what the shapes mean. */
export function HelpDialog({ onClose }: { onClose: () => void }) {
  const offered = useOfferedShortcuts()
  const groups = new Map<string, Shortcut[]>()
  for (const shortcut of offered) {
    groups.set(shortcut.group, [...(groups.get(shortcut.group) ?? []), shortcut])
  }
  return (
    <Dialog title="Help" onClose={onClose}>
      <div className="help-grid">
        {[...groups].map(([group, shortcuts]) => (
          <section key={group}>
            <h3>{group}</h3>
            <dl className="keys">
              {shortcuts.map(({ keys, label }) => (
                <div key={keys}>
                  <dt>
                    {keys.split(' ').map((key) => (
                      <kbd key={key}>{key === 'Escape' ? 'Esc' : key}</kbd>
                    ))}
                  </dt>
                  <dd>{label}</dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
        <section>
          <h3>Marks</h3>
          <ul className="plain legend-list">
            {markNames.map((name) => (
              <li key={name}>
                <Mark name={name} label={isSeverity(name) ? `Alert, ${name}` : undefined} />
              </li>
            ))}
          </ul>
        </section>
      </div>
    </Dialog>
  )
}

function isSeverity(name: string): boolean {
  return ['low', 'medium', 'high', 'critical'].includes(name)
}
