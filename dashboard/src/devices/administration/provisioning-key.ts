import type { ProvisioningKeyResource } from '../../../../contracts/http/provisioning-key.ts'
import type { Decoded } from '../../http/decoded.ts'

/** A key that lets devices enrol themselves; the key itself is shown once. */
export type ProvisioningKey = Decoded<ProvisioningKeyResource>

export interface NewProvisioningKey {
  readonly provisioningKey: ProvisioningKey
  readonly key: string
}

export const keyStateWords: Readonly<Record<ProvisioningKey['state'], string>> = {
  open: 'open',
  'used-up': 'used up',
  expired: 'expired',
  revoked: 'revoked',
}
