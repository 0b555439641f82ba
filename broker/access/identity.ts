import type { DeviceDirectory, EnrolmentMode } from '../../contracts/ports/devices.ts'
import { deviceIdPattern, topics } from '../../contracts/topics.ts'
import type { Identity } from '../connection.ts'
import type { RefusalName } from '../refusals.ts'
import {
  badCredentials,
  type Introduction,
  IntroductionRefused,
  identifierRejected,
  notAuthorized,
  serverUnavailable,
} from './introduction.ts'
import { isUserName } from './user-identity.ts'

/** Username of a client that comes with a provisioning key instead of a device's secret. */
export const enrolUsername = 'enrol'

export interface IdentityDeps {
  readonly devices: DeviceDirectory
  readonly enrolment: EnrolmentMode
  readonly identifyUser: (introduction: Introduction) => Promise<Identity>
}

/**
 * Decides who a client is, from what it said in CONNECT.
 *
 * The client id must be the device id itself. MQTT lets a newer connection take over the session of an older one with
 * the same client id [MQTT-3.1.4-2]; were it free to choose, one device could end another's connection and receive the
 * commands kept for it.
 */
export function createIdentify({ devices, enrolment, identifyUser }: IdentityDeps) {
  async function identify(introduction: Introduction): Promise<Identity> {
    const { username, certificate, clientId } = introduction
    if (enrolment === 'key' && username === enrolUsername) return identifyByKey(introduction)
    if (certificate.type === 'invalid') throw refused('client-certificate', notAuthorized, 'certificate not trusted')
    // A certificate stands for a device; a username beside it must be the same.
    if (certificate.type === 'none' && isUserName(username)) return identifyUser(introduction)
    const deviceId = claimedDeviceId(introduction)
    if (clientId !== deviceId) {
      throw refused('client-id', identifierRejected, 'the client id must be the device id')
    }
    if (certificate.type === 'none' && enrolment !== 'open') checkSecret(deviceId, introduction)
    await checkDevice(deviceId)
    checkAge(deviceId, introduction)
    if (introduction.willTopic !== undefined && introduction.willTopic !== topics.status(deviceId)) {
      throw refused('will-not-own-status', notAuthorized, 'a will may only go to the own status topic')
    }
    return { type: 'device', deviceId }
  }

  function claimedDeviceId({ username, certificate, clientId }: Introduction): string {
    if (certificate.type === 'valid') {
      if (username === undefined || username === certificate.commonName) return certificate.commonName
      throw refused('client-certificate', notAuthorized, 'the username is not the one of the certificate')
    }
    const deviceId = username ?? (enrolment === 'open' ? clientId : undefined)
    if (deviceId !== undefined && deviceIdPattern.test(deviceId)) return deviceId
    throw refused('bad-credentials', badCredentials, 'the username must be a device id')
  }

  function checkSecret(deviceId: string, { password }: Introduction): void {
    if (password !== undefined && devices.verifySecret(deviceId, password)) return
    const device = devices.find(deviceId)
    // A secret of a device that may not connect is never right, so its maker is told the better reason.
    if (device !== undefined && device.state !== 'registered') throw notAllowed(device.state)
    throw refused('bad-credentials', badCredentials, 'unknown device or wrong secret')
  }

  /** A certificate is good until the device's credentials are rotated or revoked, whatever its own end. */
  function checkAge(deviceId: string, { certificate }: Introduction): void {
    const sinceMs = devices.find(deviceId)?.credentialsSinceMs
    if (certificate.type !== 'valid' || sinceMs === undefined) return
    // A certificate tells whole seconds; one made in the very second of the rotation is a new one.
    if (certificate.validFromMs >= Math.floor(sinceMs / 1000) * 1000) return
    throw refused('client-certificate', notAuthorized, 'the certificate is older than the credentials of the device')
  }

  async function checkDevice(deviceId: string): Promise<void> {
    const device = devices.find(deviceId)
    if (device?.state === 'registered') return
    if (device !== undefined) throw notAllowed(device.state)
    if (enrolment !== 'open') throw notAllowed('not registered')
    try {
      await devices.enrol({ id: deviceId, kinds: [], labels: {} })
    } catch (cause) {
      // Two connections of one new device: the other one enrolled it.
      if (devices.find(deviceId)?.state === 'registered') return
      throw new IntroductionRefused('enrolment-refused', serverUnavailable, 'the device could not be enrolled', cause)
    }
  }

  async function identifyByKey({ password, willTopic }: Introduction): Promise<Identity> {
    if (willTopic !== undefined) throw refused('will-not-own-status', notAuthorized, 'no will before enrolment')
    const key = password === undefined ? '' : Buffer.from(password).toString('utf8')
    const provisioningKeyId = key === '' ? undefined : await devices.findProvisioningKey(key)
    if (provisioningKeyId === undefined) {
      throw refused('enrolment-refused', badCredentials, 'unknown, expired or used provisioning key')
    }
    return { type: 'enrolling', provisioningKeyId }
  }

  return identify
}

function refused(name: RefusalName, returnCode: number, message: string): IntroductionRefused {
  return new IntroductionRefused(name, returnCode, message)
}

function notAllowed(state: string): IntroductionRefused {
  return refused('device-not-allowed', notAuthorized, `the device is ${state}`)
}
