/** On everything of the demo city: nobody may mistake it for the real one. */
export function SimulatedTag() {
  return (
    <span className="tag" title="A device of the demo city: its readings are made up">
      simulated
    </span>
  )
}
