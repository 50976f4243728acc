import { expect, it } from 'vitest';
import type { RuntimeStatus } from '#model/agent/status-note.ts';
import { describeRuntimeStatus } from './describe-runtime-status.ts';

const ready: RuntimeStatus = {
  lastAskedAt: '2026-11-25T12:03:09.000001Z',
  since: '2026-11-25T12:01:04.000000Z',
  network: 'podwire',
  isAsked: true,
};

it('a network that is ready, one that is not, and a runtime that fell silent read differently', () => {
  expect(describeRuntimeStatus(ready)).toMatch(/^The runtime asks STATUS .* since \d\d:01:04: the network is ready\.$/);
  expect(describeRuntimeStatus({ ...ready, error: { code: 50, msg: 'no address is left' } })).toMatch(
    /since \d\d:01:04: no address is left \(code 50\)\.$/,
  );
  expect(describeRuntimeStatus({ ...ready, isAsked: false })).toMatch(
    /^The runtime has not asked STATUS since \d\d:03:09/,
  );
});
