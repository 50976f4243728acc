import { describe, expect, it } from 'vitest';
import { parseTraceContext } from './trace-context.ts';

const parent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

describe('the trace context of an environment', () => {
  it('is kept as it came', () => {
    const tracestate = 'rojo=00f067aa0ba902b7, congo@tenant=t61rcWkgMzE';
    expect(parseTraceContext(parent, tracestate)).toEqual({ traceparent: parent, tracestate });
    expect(parseTraceContext(parent, undefined)).toEqual({ traceparent: parent });
  });

  it('of a later version may have more fields', () => {
    const later = `cc${parent.slice(2)}-what-comes`;
    expect(parseTraceContext(later, undefined)).toEqual({ traceparent: later });
  });

  it.each([
    ['no text', ''],
    ['the forbidden version', `ff${parent.slice(2)}`],
    ['more fields than version 00 has', `${parent}-more`],
    ['a trace id of nought', '00-00000000000000000000000000000000-b7ad6b7169203331-01'],
    ['a span id of nought', '00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01'],
    ['capital letters', parent.toUpperCase()],
    ['a line behind it', `${parent}\n`],
  ])('is none where it has %s', (_, text) => {
    expect(parseTraceContext(text, 'rojo=1')).toBeUndefined();
  });

  it.each(['', 'no pair', 'UPPER=1', 'a=b=c', Array.from({ length: 33 }, (_, n) => `k${n}=1`).join(',')])(
    'loses a state that is invalid (%s) and nothing else',
    (tracestate) => {
      expect(parseTraceContext(parent, tracestate)).toEqual({ traceparent: parent });
    },
  );
});
