/** One of many that a field found. */
export interface Choice {
  readonly id: string
  readonly name: string
  /** What tells two of one name apart. */
  readonly note: string
}
