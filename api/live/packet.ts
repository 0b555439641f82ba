/** A message ready for any number of sockets. */
export interface Packet {
  /** The Socket.IO packet. */
  readonly text: string
  /** The same as a WebSocket frame, made once: turning text into bytes for each socket would be half of the feed's work. */
  readonly frame: readonly [Buffer]
}

export function createPacket(text: string): Packet {
  let frame: readonly [Buffer] | undefined
  return {
    text,
    get frame() {
      frame ??= [toTextFrame(`${engineMessage}${text}`)]
      return frame
    },
  }
}

/** Engine.IO's packet type `message`. */
const engineMessage = '4'
const finalText = 0x81
const lengthInTwoBytes = 126
const lengthInEightBytes = 127

/** An unmasked, final text frame (RFC 6455, section 5.2), in one piece so that it is one write. */
function toTextFrame(text: string): Buffer {
  const length = Buffer.byteLength(text)
  const headerLength = length < lengthInTwoBytes ? 2 : length < 65_536 ? 4 : 10
  const frame = Buffer.allocUnsafe(headerLength + length)
  frame[0] = finalText
  if (headerLength === 2) frame[1] = length
  else if (headerLength === 4) {
    frame[1] = lengthInTwoBytes
    frame.writeUInt16BE(length, 2)
  } else {
    frame[1] = lengthInEightBytes
    frame.writeBigUInt64BE(BigInt(length), 2)
  }
  frame.write(text, headerLength)
  return frame
}
