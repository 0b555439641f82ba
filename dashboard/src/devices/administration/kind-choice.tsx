import { kinds } from '../../../../contracts/kinds/index.ts'

interface KindChoiceProps {
  readonly chosen: readonly string[]
  readonly onChange: (kinds: readonly string[]) => void
}

/** What a device is expected to measure, from the registry of kinds. */
export function KindChoice({ chosen, onChange }: KindChoiceProps) {
  return (
    <fieldset className="field">
      <legend>
        Measures <span className="muted">– what else it sends is taken too</span>
      </legend>
      <div className="kind-choice">
        {kinds.map(({ id, label }) => (
          <label key={id}>
            <input
              type="checkbox"
              checked={chosen.includes(id)}
              onChange={({ target }) =>
                onChange(target.checked ? [...chosen, id] : chosen.filter((kind) => kind !== id))
              }
            />
            {label}
          </label>
        ))}
      </div>
    </fieldset>
  )
}
