import { expect, test } from 'vitest';
import { formatBytes } from './format-bytes.ts';

test.each([
  [0, '0 B'],
  [1_023, '1023 B'],
  [1_536, '1.5 KiB'],
  [40 * 2 ** 20, '40 MiB'],
  [3 * 2 ** 50, '3072 TiB'],
])('%i bytes are read as %s', (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text);
});
