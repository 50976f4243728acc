import type { KeyboardEvent } from 'react';
import type { WindowControl } from './use-timeline-window.ts';

type KeyTarget = {
  readonly control: WindowControl;
  /** Goes to the invocation after (1) or before (-1) the selected one. */
  readonly walk: (step: 1 | -1) => void;
};

/** Everything the pointer can do to the window, by keys: arrows walk, `+` `-` zoom, `,` `.` move, `f` follows, `p` pauses. */
export function handleTimelineKey(event: KeyboardEvent, { control, walk }: KeyTarget): void {
  if (event.ctrlKey || event.metaKey || event.altKey) {
    return;
  }
  const anchor = control.isFollowing ? 1 : 0.5;
  const actions = new Map<string, () => void>([
    ['ArrowLeft', () => walk(-1)],
    ['ArrowRight', () => walk(1)],
    ['+', () => control.zoom(2, anchor)],
    ['=', () => control.zoom(2, anchor)],
    ['-', () => control.zoom(0.5, anchor)],
    [',', () => control.pan(-0.25)],
    ['.', () => control.pan(0.25)],
    ['f', () => control.follow()],
    ['p', () => control.setPaused(!control.isPaused)],
  ]);
  const action = actions.get(event.key);
  if (action !== undefined) {
    event.preventDefault();
    action();
  }
}
