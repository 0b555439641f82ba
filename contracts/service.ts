/** A part that runs. Construction has no effects; `start` has them; `stop` undoes them and may be called twice. */
export interface Service {
  readonly name: string
  start(): Promise<void>
  stop(): Promise<void>
}
