import type { QuarantinedDetail, QuarantinedResource } from '../../contracts/http/quarantine.ts'
import type { QuarantinedMessage } from '../../contracts/reading.ts'
import { toTime } from '../http/inputs.ts'

const previewBytesMax = 160

export function presentQuarantined(message: QuarantinedMessage): QuarantinedResource {
  const { id, deviceId, topic, reason, field, receivedAtMs, payload } = message
  return {
    id,
    deviceId,
    topic,
    reason,
    field: field ?? null,
    receivedAt: toTime(receivedAtMs),
    sizeBytes: payload.byteLength,
    preview: previewBytes(payload),
  }
}

export function presentQuarantinedDetail(message: QuarantinedMessage): QuarantinedDetail {
  const bytes = Buffer.from(message.payload.buffer, message.payload.byteOffset, message.payload.byteLength)
  return {
    ...presentQuarantined(message),
    text: decodeUtf8(bytes),
    hex: bytes.toString('hex'),
    base64: bytes.toString('base64'),
  }
}

function decodeUtf8(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return null
  }
}

/** Hostile bytes, to be put on a screen or in a terminal: what steers either is shown, not obeyed. */
function previewBytes(payload: Uint8Array): string {
  const text = new TextDecoder().decode(payload.subarray(0, previewBytesMax))
  return text.replace(/[\p{Cc}\p{Cf}\p{Co}\p{Cs}]/gu, (character) => `\\u{${character.codePointAt(0)!.toString(16)}}`)
}
