import { LONGEST_SPAN_US, SHORTEST_SPAN_US, type TimeWindow } from './time-window.ts';

/** Following keeps now in sight; otherwise the window stands still. */
export type ShownWindow =
  | { readonly kind: 'follow'; readonly spanUs: number }
  | { readonly kind: 'fixed'; readonly window: TimeWindow };

/** As it stands in an address, in microseconds: `900000000` follows with that span, `<start>-<end>` since 1970 stands still. */
export function formatWindow(shown: ShownWindow): string {
  return shown.kind === 'follow'
    ? `${Math.round(shown.spanUs)}`
    : `${Math.round(shown.window.startUs)}-${Math.round(shown.window.endUs)}`;
}

/** Undefined for what is no window, or one shorter or longer than can be shown: an address is written by anybody. */
export function parseWindow(text: string | null): ShownWindow | undefined {
  const match = /^(\d{1,17})(?:-(\d{1,17}))?$/.exec(text ?? '');
  if (match === null) {
    return undefined;
  }
  const [first, second] = [Number(match[1]), match[2] === undefined ? undefined : Number(match[2])];
  const spanUs = second === undefined ? first : second - first;
  if (spanUs < SHORTEST_SPAN_US || spanUs > LONGEST_SPAN_US) {
    return undefined;
  }
  return second === undefined
    ? { kind: 'follow', spanUs }
    : { kind: 'fixed', window: { startUs: first, endUs: second } };
}
