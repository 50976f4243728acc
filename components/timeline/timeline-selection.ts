import type { InvocationSummary } from '#model/topology/topology.ts';

/** What of a timeline is selected, and what a click does. */
export type TimelineSelection = {
  /** Id of the selected invocation. */
  readonly selected?: string | undefined;
  /** `<namespace>/<name>` of the pod whose lane stands out. */
  readonly selectedPod?: string | undefined;
  readonly onSelect: (invocation: InvocationSummary) => void;
};
