/**
 * `0a:58:0a` of three bytes and the separator `:`. A loop, not `Array.from`: the engine compiles such built-ins from source
 * at their first use, a third of a millisecond of every ADD (docs/performance.md).
 */
export function formatHex(bytes: Uint8Array, separator: string): string {
  let text = '';
  for (const byte of bytes) text += `${text === '' ? '' : separator}${byte < 16 ? '0' : ''}${byte.toString(16)}`;
  return text;
}
