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
