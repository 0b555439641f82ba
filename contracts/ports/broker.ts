/** What the API may ask of the broker. */
export interface BrokerControl {
  /** Closes the device's connection, if it has one. */
  disconnect(deviceId: string, cause: 'revoked' | 'decommissioned'): void
  isOnline(deviceId: string): boolean
  stats(): BrokerStats
}

export interface BrokerStats {
  readonly connections: number
  readonly connectionsMax: number
  readonly publishesReceived: number
  /** Devices being slowed at this moment. */
  readonly throttled: number
  /** Count by the name of the limit or fault that acted, for example `packet-too-large`, `protocol-version`. */
  readonly refusals: Readonly<Record<string, number>>
}

/** Says something to every device that listens to the city. */
export interface Announcer {
  /** Resolves when the broker has taken it. @throws AppError `topic-not-city` */
  announce(announcement: {
    /** Below `v1/city/`. */
    readonly topic: string
    readonly payload: Uint8Array
    /** Kept for devices that subscribe later. */
    readonly isRetained: boolean
  }): Promise<void>
}
