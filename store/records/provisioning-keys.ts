/** A key that lets devices enrol themselves; the key itself is shown once and kept only as a hash. */
export interface ProvisioningKey {
  readonly id: string
  readonly name: string
  readonly quota: number
  readonly usedCount: number
  readonly createdAtMs: number
  readonly expiresAtMs: number | undefined
  readonly revokedAtMs: number | undefined
}

/** @throws AppError `provisioning-key-not-found` */
export interface ProvisioningKeyRecords {
  create(input: {
    readonly name: string
    /** How many devices may enrol with it. */
    readonly quota: number
    readonly expiresAtMs?: number
  }): Promise<{ readonly provisioningKey: ProvisioningKey; readonly key: string }>
  list(): Promise<readonly ProvisioningKey[]>
  revoke(id: string): Promise<ProvisioningKey>
  /** Takes one use. @returns false when the key is unknown, expired, revoked or used up */
  redeem(key: string): Promise<boolean>
}
