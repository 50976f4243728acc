import type { JsonValue } from '#model/json.ts';
import { formatIpAddress } from './decode-ip-address.ts';
import { decodeAttributes, readString } from './netlink-message.ts';

/**
 * How the payload of one netlink attribute is read. A table of these per message kind is the kernel header as data;
 * what is not in the table is kept as hex under its number, so that nothing the kernel said is lost.
 */
export type AttributeForm =
  | 'u8'
  | 'u16'
  | 'u32'
  | 'i32'
  | 'u64'
  | 'be16'
  | 'be32'
  | 'string'
  | 'mac'
  | 'ip'
  | 'flag'
  | 'hex'
  | 'skip'
  | { readonly nested: AttributeTable }
  | { readonly decode: (payload: Uint8Array) => JsonValue };

/** Attribute number -> [name in the kernel header, form]. */
export type AttributeTable = Readonly<Record<number, readonly [name: string, form: AttributeForm]>>;

export type DecodedAttributes = { readonly [name: string]: JsonValue };

/**
 * Reads a run of attributes by its table into plain JSON, keyed by the names of the kernel header.
 * @throws RangeError where a length field does not fit
 */
export function describeAttributes(bytes: Uint8Array, table: AttributeTable): DecodedAttributes {
  const decoded: Record<string, JsonValue> = {};
  for (const { type, value } of decodeAttributes(bytes)) {
    const [name, form] = table[type] ?? [String(type), 'hex' as const];
    if (form === 'skip') continue;
    decoded[name] = decodePayload(value, form);
  }
  return decoded;
}

const neededBytes: Readonly<Record<string, number>> = { u8: 1, u16: 2, u32: 4, i32: 4, u64: 8, be16: 2, be32: 4 };

function decodePayload(payload: Uint8Array, form: Exclude<AttributeForm, 'skip'>): JsonValue {
  if (typeof form === 'object') {
    return 'nested' in form ? describeAttributes(payload, form.nested) : form.decode(payload);
  }
  if (payload.length < (neededBytes[form] ?? 0)) return formatHex(payload);
  const view = viewOf(payload);
  switch (form) {
    case 'u8':
      return view.getUint8(0);
    case 'u16':
      return view.getUint16(0, true);
    case 'u32':
      return view.getUint32(0, true);
    case 'i32':
      return view.getInt32(0, true);
    case 'u64':
      return Number(view.getBigUint64(0, true));
    case 'be16':
      return view.getUint16(0, false);
    case 'be32':
      return view.getUint32(0, false);
    case 'string':
      return readString(payload);
    case 'mac':
      return formatHardwareAddress(payload);
    case 'ip':
      return formatIpAddress(payload) ?? formatHex(payload);
    case 'flag':
      return true;
    case 'hex':
      return formatHex(payload);
  }
}

/** Lower-case hex without separators. */
export function formatHex(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += byte.toString(16).padStart(2, '0');
  return text;
}

/** `0a:58:0a:f0:02:02` for six bytes; a tunnel's four or sixteen bytes are an IP address, as iproute2 prints them. */
export function formatHardwareAddress(bytes: Uint8Array): string {
  if (bytes.length === 4 || bytes.length === 16) return formatIpAddress(bytes) ?? formatHex(bytes);
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(':');
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** A number from decoded attributes; absent where the kernel did not send it or the payload was too short. */
export function numberOf(attributes: DecodedAttributes, name: string): number | undefined {
  const value = attributes[name];
  return typeof value === 'number' ? value : undefined;
}

/** A non-empty text from decoded attributes. */
export function textOf(attributes: DecodedAttributes, name: string): string | undefined {
  const value = attributes[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** The attributes nested under a name; an empty record where there are none. */
export function nestedOf(attributes: DecodedAttributes, name: string): DecodedAttributes {
  const value = attributes[name];
  return isRecord(value) ? value : {};
}

/** Names of the bits that are set, lowest first. */
export function nameFlags(bits: number, names: readonly (string | undefined)[]): string[] {
  return names.flatMap((name, bit) => (name !== undefined && (bits >>> bit) & 1 ? [name] : []));
}

/** `{ key: value }`, or nothing where the value is absent: absent is `undefined`, never a key without value. */
export function optional<K extends string, V>(key: K, value: V | undefined): { [P in K]?: V } {
  return (value === undefined ? {} : { [key]: value }) as { [P in K]?: V };
}

function isRecord(value: JsonValue | undefined): value is DecodedAttributes {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
