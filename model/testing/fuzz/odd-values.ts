import type { JsonValue } from '../../json.ts';
import type { SeededRandom } from './seeded-random.ts';

/** Texts that programs have stumbled over: format directives, separators, half characters, names of prototypes, prefixes. */
const ODD_TEXTS: readonly string[] = [
  ...[
    '',
    ' ',
    'x',
    '%',
    '%d',
    'br%d',
    '%s%n',
    '../x',
    '/',
    '.',
    '..',
    '-',
    '--help',
    'a b',
    'a\n',
    '\t',
    '\u0000',
    'cni0\u0000x',
  ],
  ...['日本', '🕸️', '\ud800', 'ﬀ', 'é'.repeat(8), 'e\u0301', '\u202e', '\ufeff', 'İ'],
  ...[
    '__proto__',
    'constructor',
    'toString',
    'hasOwnProperty',
    'null',
    'undefined',
    'NaN',
    'true',
    '0',
    '1e3',
    '$(id)',
    '`id`',
  ],
  ...[
    'lo',
    'all',
    'default',
    'eth0',
    'cni0',
    'a'.repeat(15),
    'a'.repeat(16),
    'a'.repeat(255),
    'a'.repeat(256),
    'a'.repeat(70_000),
  ],
  ...[
    'podwire',
    'tap',
    'bridge',
    'host-local',
    'dhcp',
    '../../bin/false',
    '0.1.0',
    '0.4.0',
    '1.0.0',
    '1.1.0',
    '1.2.0',
    '1',
    'v1.1.0',
  ],
];

const ODD_ADDRESSES: readonly string[] = [
  ...[
    '0.0.0.0/0',
    '0.0.0.0/8',
    '255.255.255.255/32',
    '10.1.0.0/24',
    '10.1.0.0/29',
    '10.1.0.0/30',
    '10.1.0.0/31',
    '10.1.0.1/24',
  ],
  ...[
    '10.1.0.0/33',
    '10.1.0.0/-1',
    '10.1.0.0',
    '10.1.0.0/',
    '/24',
    '10.1.0.0/24/24',
    '010.1.0.0/24',
    '10.1/16',
    '127.0.0.0/8',
  ],
  ...[
    '224.0.0.0/4',
    '240.0.0.0/4',
    '169.254.0.0/16',
    '10.240.0.0/16',
    '::/0',
    '::/1',
    '::1/128',
    'fd00:1::/64',
    'fd00:1::/126',
  ],
  ...[
    'fd00:1::/127',
    'fe80::/64',
    'ff00::/8',
    '::ffff:10.1.0.0/120',
    '1:2:3:4:5:6:7:8:9/64',
    'fd00:1::1%eth0',
    'fd00:1::/129',
  ],
  ...[
    '10.1.0.1',
    '10.1.0.2',
    '10.1.0.255',
    '0.0.0.0',
    '255.255.255.255',
    '127.0.0.1',
    '224.0.0.1',
    '::',
    '::1',
    'fd00:1::2',
  ],
  ...[
    '02:00:00:00:00:01',
    '00:00:00:00:00:00',
    'ff:ff:ff:ff:ff:ff',
    '01:00:5e:00:00:01',
    '02:00:00:00:00',
    '02-00-00-00-00-01',
  ],
];

const ODD_NUMBERS: readonly number[] = [
  ...[
    0,
    -0,
    1,
    -1,
    2,
    1.5,
    67,
    68,
    1279,
    1280,
    1500,
    4094,
    4095,
    4096,
    9000,
    65_521,
    65_535,
    65_536,
    1e9,
    2 ** 31 - 1,
    2 ** 31,
  ],
  ...[2 ** 32 - 1, 2 ** 32, 2 ** 53, 2 ** 63, 1e21, 1e308, -1e308, 5e-324],
];

/** Names that stand for something in JavaScript, or that a configuration has elsewhere. */
export const ODD_KEYS: readonly string[] = [
  ...[
    '__proto__',
    'constructor',
    'prototype',
    'toString',
    'hasOwnProperty',
    'length',
    '',
    ' ',
    '\u0000',
    'NAME',
    'ipam',
    'mode',
  ],
  ...[
    'prevResult',
    'runtimeConfig',
    'args',
    'cniVersion',
    'dns',
    'mtu',
    'deadlineMs',
    'cni.dev/valid-attachments',
    'capabilities',
  ],
];

export function pickOddText(random: SeededRandom): string {
  return random.pick(random.isTrue(0.5) ? ODD_TEXTS : ODD_ADDRESSES);
}

/** Any JSON value; sometimes a list or an object of more such, sometimes one that is nested deep. */
export function pickOddValue(random: SeededRandom, depth = 0): JsonValue {
  const kind = random.index(depth > 2 ? 8 : 11);
  if (kind < 4) return pickOddText(random);
  if (kind < 6) return random.pick(ODD_NUMBERS);
  if (kind === 6) return random.isTrue(0.5);
  if (kind === 7) return null;
  if (kind === 8) return Array.from({ length: random.index(4) }, () => pickOddValue(random, depth + 1));
  if (kind === 9) return { [random.pick(ODD_KEYS)]: pickOddValue(random, depth + 1), [pickOddText(random)]: null };
  return nest(random.pick([1, 3, 60, 300]), pickOddText(random));
}

function nest(levels: number, inside: JsonValue): JsonValue {
  let value = inside;
  for (let level = 0; level < levels; level += 1) value = level % 2 === 0 ? [value] : { a: value };
  return value;
}
