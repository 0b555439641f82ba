/**
 * Telemetry on its way from the thread that holds the sockets to the thread that holds the store: many messages in
 * a few transferable arrays, so that handing over two thousand messages costs what handing over one does.
 */
export interface TelemetryFrame {
  readonly id: number
  readonly count: number
  /** Payloads, one after the other. */
  readonly bytes: Uint8Array
  /** Where the payload of message `i` ends; it starts where the one before it ended. */
  readonly payloadEnd: Uint32Array
  /** Which source sent message `i`; -1 for a stray. */
  readonly sourceNo: Int32Array
  readonly receivedAtMs: Float64Array
  /** Sources that appear for the first time. */
  readonly newSources: readonly FrameSource[]
  /** Messages of a kind nobody knows: spelled out one by one, so that garbage cannot grow a dictionary. */
  readonly strays: readonly FrameStray[]
  readonly rejected: readonly { readonly deviceId: string; readonly count: number }[]
}

export interface FrameSource {
  readonly no: number
  readonly deviceId: string
  readonly kindId: string
}

export interface FrameStray {
  readonly index: number
  readonly deviceId: string
  readonly topic: string
}

export const frameRowsMax = 2048
const frameBytesStart = 256 * 1024

/** The arrays of a frame; they go to the worker and come back to be filled again. */
export interface FrameArrays {
  bytes: Uint8Array
  readonly payloadEnd: Uint32Array
  readonly sourceNo: Int32Array
  readonly receivedAtMs: Float64Array
}

export function createFrameArrays(): FrameArrays {
  return {
    bytes: new Uint8Array(frameBytesStart),
    payloadEnd: new Uint32Array(frameRowsMax),
    sourceNo: new Int32Array(frameRowsMax),
    receivedAtMs: new Float64Array(frameRowsMax),
  }
}

export interface FrameBuilder {
  readonly count: number
  readonly byteCount: number
  /** @returns false when the frame is full and the message must go into the next one */
  add(message: { sourceNo: number; payload: Uint8Array; receivedAtMs: number }): boolean
  readonly arrays: FrameArrays
}

/** An empty frame takes a message of any size; a started one never grows past `frameBytesStart`. */
export function createFrameBuilder(arrays: FrameArrays): FrameBuilder {
  let count = 0
  let byteCount = 0
  return {
    arrays,
    get count() {
      return count
    },
    get byteCount() {
      return byteCount
    },
    add({ sourceNo, payload, receivedAtMs }) {
      if (count === frameRowsMax) return false
      const end = byteCount + payload.length
      if (end > arrays.bytes.length) {
        if (count > 0) return false
        arrays.bytes = new Uint8Array(end)
      }
      arrays.bytes.set(payload, byteCount)
      arrays.payloadEnd[count] = end
      arrays.sourceNo[count] = sourceNo
      arrays.receivedAtMs[count] = receivedAtMs
      byteCount = end
      count++
      return true
    },
  }
}
