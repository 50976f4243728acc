/**
 * The wire form of netlink: messages of a 16-byte header and a body, attributes of a 4-byte header and a value, both
 * padded to 4 bytes. Host byte order, which is little-endian on every machine Podwire runs on.
 * Source: include/uapi/linux/netlink.h, RFC 3549 section 2.3.
 */

const MESSAGE_HEADER_BYTES = 16;
const ATTRIBUTE_HEADER_BYTES = 4;

/** NLA_F_NESTED and NLA_F_NET_BYTEORDER share the type field with the number. include/uapi/linux/netlink.h */
const NLA_F_NESTED = 0x8000;
const NLA_TYPE_MASK = 0x3fff;

export type NetlinkMessage = {
  /** RTM_*, NLMSG_* */
  readonly type: number;
  /** NLM_F_* */
  readonly flags: number;
  readonly sequence: number;
  readonly portId: number;
  /** The family's header (`struct ifinfomsg`, …) and attributes, without the netlink header. */
  readonly body: Uint8Array;
};

export type NetlinkAttribute = { readonly type: number; readonly value: Uint8Array };

const align = (length: number): number => (length + 3) & ~3;

const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** Joins byte pieces, each padded with zeros to 4 bytes: a family header and its attributes. */
export function joinBytes(...pieces: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(pieces.reduce((sum, piece) => sum + align(piece.byteLength), 0));
  let offset = 0;
  for (const piece of pieces) {
    joined.set(piece, offset);
    offset += align(piece.byteLength);
  }
  return joined;
}

export function encodeMessage(message: NetlinkMessage): Uint8Array {
  const bytes = new Uint8Array(MESSAGE_HEADER_BYTES + message.body.byteLength);
  const view = viewOf(bytes);
  view.setUint32(0, bytes.byteLength, true);
  view.setUint16(4, message.type, true);
  view.setUint16(6, message.flags, true);
  view.setUint32(8, message.sequence, true);
  view.setUint32(12, message.portId, true);
  bytes.set(message.body, MESSAGE_HEADER_BYTES);
  return bytes;
}

/** As {@link viewMessages}, but bodies are copies: the buffer may be used again. */
export function decodeMessages(bytes: Uint8Array): readonly NetlinkMessage[] {
  return viewMessages(bytes).map((message) => ({ ...message, body: message.body.slice() }));
}

/**
 * Splits what one recv(2) returned. Bodies are parts of the buffer.
 * @throws RangeError where a length field does not fit, so that a torn read is never taken for data
 */
export function viewMessages(bytes: Uint8Array): readonly NetlinkMessage[] {
  const view = viewOf(bytes);
  const messages: NetlinkMessage[] = [];
  let offset = 0;
  while (offset + MESSAGE_HEADER_BYTES <= bytes.byteLength) {
    const length = view.getUint32(offset, true);
    if (length < MESSAGE_HEADER_BYTES || offset + length > bytes.byteLength) {
      throw new RangeError(`netlink message of ${length} bytes at ${offset} in ${bytes.byteLength}`);
    }
    messages.push({
      type: view.getUint16(offset + 4, true),
      flags: view.getUint16(offset + 6, true),
      sequence: view.getUint32(offset + 8, true),
      portId: view.getUint32(offset + 12, true),
      body: bytes.subarray(offset + MESSAGE_HEADER_BYTES, offset + length),
    });
    offset += align(length);
  }
  return messages;
}

export function encodeAttribute(type: number, value: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(align(ATTRIBUTE_HEADER_BYTES + value.byteLength));
  const view = viewOf(bytes);
  view.setUint16(0, ATTRIBUTE_HEADER_BYTES + value.byteLength, true);
  view.setUint16(2, type, true);
  bytes.set(value, ATTRIBUTE_HEADER_BYTES);
  return bytes;
}

/** An attribute that holds attributes; strict kernels want NLA_F_NESTED on it. */
export function encodeNested(type: number, ...attributes: readonly Uint8Array[]): Uint8Array {
  return encodeAttribute(type | NLA_F_NESTED, joinBytes(...attributes));
}

export function encodeU8(type: number, value: number): Uint8Array {
  return encodeAttribute(type, new Uint8Array([value]));
}

export function encodeU16(type: number, value: number): Uint8Array {
  const bytes = new Uint8Array(2);
  viewOf(bytes).setUint16(0, value, true);
  return encodeAttribute(type, bytes);
}

export function encodeU32(type: number, value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  viewOf(bytes).setUint32(0, value, true);
  return encodeAttribute(type, bytes);
}

/** A zero-terminated string, as the kernel's NLA_NUL_STRING wants it. */
export function encodeString(type: number, value: string): Uint8Array {
  return encodeAttribute(type, new TextEncoder().encode(`${value}\0`));
}

/**
 * @param bytes attributes one after the other, such as a message body behind its family header
 * @param offset where the first one begins: the family header's length, rounded up to 4
 * @throws RangeError where a length field does not fit
 */
export function decodeAttributes(bytes: Uint8Array, offset = 0): readonly NetlinkAttribute[] {
  const view = viewOf(bytes);
  const attributes: NetlinkAttribute[] = [];
  let at = offset;
  while (at + ATTRIBUTE_HEADER_BYTES <= bytes.byteLength) {
    const length = view.getUint16(at, true);
    if (length < ATTRIBUTE_HEADER_BYTES || at + length > bytes.byteLength) {
      throw new RangeError(`netlink attribute of ${length} bytes at ${at} in ${bytes.byteLength}`);
    }
    attributes.push({
      type: view.getUint16(at + 2, true) & NLA_TYPE_MASK,
      value: bytes.subarray(at + ATTRIBUTE_HEADER_BYTES, at + length),
    });
    at += align(length);
  }
  return attributes;
}

/** The same by number, the last one winning: what a reader that asks for single attributes needs. */
export function indexAttributes(bytes: Uint8Array, offset = 0): ReadonlyMap<number, Uint8Array> {
  return new Map(decodeAttributes(bytes, offset).map(({ type, value }) => [type, value]));
}

/** @throws RangeError where the value is shorter than 4 bytes */
export function readU32(value: Uint8Array, offset = 0): number {
  return viewOf(value).getUint32(offset, true);
}

export function readI32(value: Uint8Array, offset = 0): number {
  return viewOf(value).getInt32(offset, true);
}

export function readU16(value: Uint8Array, offset = 0): number {
  return viewOf(value).getUint16(offset, true);
}

/** Up to the first zero byte. */
export function readString(value: Uint8Array): string {
  const end = value.indexOf(0);
  return new TextDecoder().decode(end < 0 ? value : value.subarray(0, end));
}
