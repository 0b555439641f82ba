import type { DeviceCredentials } from '../device-connection.ts'
import { encodeRemainingLength } from './publish-packets.ts'

/** CONNECT of MQTT 3.1.1 with a clean session and no keep-alive [MQTT 3.1.1, section 3.1]. */
export function encodeConnect({ deviceId, secret }: DeviceCredentials): Buffer {
  const usernameFlag = 0x80
  const passwordFlag = secret === undefined ? 0 : 0x40
  const cleanSession = 0x02
  const body = Buffer.concat([
    encodeText('MQTT'),
    Buffer.from([4, usernameFlag | passwordFlag | cleanSession, 0, 0]),
    encodeText(deviceId),
    encodeText(deviceId),
    ...(secret === undefined ? [] : [encodeText(secret)]),
  ])
  return Buffer.concat([Buffer.from([0x10, ...encodeRemainingLength(body.length)]), body])
}

/** @returns the return code, undefined until all of the packet is there, -1 for something else than a CONNACK */
export function readConnack(bytes: Buffer): number | undefined {
  if (bytes.length < 4) return undefined
  return bytes[0] === 0x20 && bytes[1] === 2 ? bytes[3]! : -1
}

/** Length first, two bytes [MQTT-1.5.3]. */
function encodeText(text: string): Buffer {
  const bytes = Buffer.from(text)
  const length = Buffer.alloc(2)
  length.writeUInt16BE(bytes.length)
  return Buffer.concat([length, bytes])
}
