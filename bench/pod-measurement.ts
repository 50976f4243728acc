/** Who wires the pods. */
export const POD_CONTENDERS = ['podwire', 'reference'] as const;
export type PodContender = (typeof POD_CONTENDERS)[number];

/** Durations in milliseconds, one for each pod or round. */
export type PodTimes = {
  /** From the request that creates a pod to the moment when the API server tells that it runs; one pod at a time. */
  readonly runningMs: number[];
  /** What the kubelet measures of `RunPodSandbox`, mean of the single pods of a round: the part that the plugin is in. */
  readonly sandboxMs: number[];
  /** From the request that creates a crowd to its last pod running. */
  readonly crowdUpMs: number[];
  /** From the request that deletes it to its last pod gone. */
  readonly crowdDownMs: number[];
};

export type PodMeasurement = {
  readonly rounds: number;
  readonly podsPerRound: number;
  readonly crowd: number;
  readonly times: Readonly<Record<PodContender, PodTimes>>;
};
