import type { Client } from 'aedes'
import type { Logger } from 'pino'
import { deviceInputSchema } from '../../contracts/device.ts'
import { AppError } from '../../contracts/errors.ts'
import type { DeviceDirectory } from '../../contracts/ports/devices.ts'
import { topics } from '../../contracts/topics.ts'
import type { Connection } from '../connection.ts'
import type { Refusals } from '../refusals.ts'
import { parseObject } from '../uplink/device-message.ts'

const requestSchema = deviceInputSchema.pick({ id: true, name: true, kinds: true })

export interface EnrolmentDeps {
  readonly devices: DeviceDirectory
  readonly refusals: Refusals
  readonly log: Logger
}

/**
 * Answers `v1/enrol/request` on the connection that asked and on no other: the answer holds a secret. It is sent
 * whether or not the client subscribed, and never kept. One connection, one use of the key, one device.
 */
export function createEnrol({ devices, refusals, log }: EnrolmentDeps) {
  const answered = new WeakSet<Connection>()

  return async function enrol(connection: Connection, payload: Uint8Array): Promise<void> {
    const { identity } = connection
    if (identity?.type !== 'enrolling' || answered.has(connection)) {
      throw new AppError('forbidden', 'enrolment-refused', 'a connection may enrol one device')
    }
    answered.add(connection)
    const request = requestSchema.safeParse(parseObject(payload))
    if (!request.success) {
      refusals.count('enrolment-refused')
      return answer(connection.client, { error: 'invalid-request' })
    }
    try {
      const { provisioningKeyId } = identity
      const { device, secret } = await devices.enrol({ ...request.data, labels: {} }, { provisioningKeyId })
      log.info({ deviceId: device.id, provisioningKeyId }, 'device enrolled')
      answer(connection.client, { id: device.id, secret })
    } catch (error) {
      if (!(error instanceof AppError)) throw error
      refusals.count('enrolment-refused')
      answer(connection.client, { id: request.data.id, error: error.code })
    }
  }
}

function answer(client: Client, body: Record<string, unknown>): void {
  const payload = Buffer.from(JSON.stringify(body))
  client.publish({ cmd: 'publish', topic: topics.enrolResponse, payload, qos: 1, retain: false, dup: false }, () => {})
}
