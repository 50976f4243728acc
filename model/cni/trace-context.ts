/**
 * W3C Trace Context, sections 3.2 and 3.3: the caller's span, as the CloudEvents distributed tracing extension carries it.
 * Without zod, so that the plugin's start does not pay for it.
 */
export type TraceContext = { readonly traceparent: string; readonly tracestate?: string };

/** Version 00 has exactly these four fields; a later version may append some. 'ff' and ids of nought alone are invalid. */
export const TRACEPARENT =
  /^(?!ff)(?:00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}|(?!00)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?:-[\x21-\x7e]*)?)$/;

const TRACESTATE_MEMBER =
  /^(?:[a-z][a-z0-9_\-*/]{0,255}|[a-z0-9][a-z0-9_\-*/]{0,240}@[a-z][a-z0-9_\-*/]{0,13})=[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e]$/;
const TRACESTATE_MAX_MEMBERS = 32;

/** The longest of both that anyone has to carry on (sections 3.3.1.5 and 4.2): more is cut off whole. */
const MAX_LENGTH = 512;

/**
 * Reads TRACEPARENT and TRACESTATE of an environment.
 * @returns undefined where the parent is absent or invalid; without a state where that alone is
 */
export function parseTraceContext(
  traceparent: string | undefined,
  tracestate: string | undefined,
): TraceContext | undefined {
  if (traceparent === undefined || traceparent.length > MAX_LENGTH || !TRACEPARENT.test(traceparent)) return undefined;
  return tracestate !== undefined && isTraceState(tracestate) ? { traceparent, tracestate } : { traceparent };
}

function isTraceState(text: string): boolean {
  if (text.length > MAX_LENGTH) return false;
  const members = text
    .split(',')
    .map((member) => member.trim())
    .filter((member) => member !== '');
  return (
    members.length > 0 &&
    members.length <= TRACESTATE_MAX_MEMBERS &&
    members.every((member) => TRACESTATE_MEMBER.test(member))
  );
}
