import type { ProfilePart } from './profile-steps.ts';

/** What the measuring process inside the world hands to the one outside, as JSON. */
export type ContenderMeasurement = {
  readonly id: string;
  readonly title: string;
  readonly rivalId: string;
  readonly addMs: readonly number[];
  readonly delMs: readonly number[];
  readonly parallel: ParallelMeasurement;
};

export type ParallelMeasurement = {
  readonly requested: number;
  /** Exit code 0. */
  readonly succeeded: number;
  /** Different addresses among the results: fewer than `succeeded` means that two pods got the same one. */
  readonly distinctAddresses: number;
  /** From the first spawn to the last exit. */
  readonly elapsedMs: number;
};

/** ADD on a bridge with many ports beside ADD on an empty one, in turns. */
export type CrowdMeasurement = {
  readonly title: string;
  readonly pods: number;
  readonly emptyAddMs: readonly number[];
  readonly crowdedAddMs: readonly number[];
};

/** The same number of left-over attachments, deleted one by one and by one GC, in turns. */
export type GarbageMeasurement = {
  readonly attachments: number;
  /** Of each round: all DELs together. */
  readonly singleMs: readonly number[];
  readonly batchMs: readonly number[];
};

export type PluginMeasurement = {
  readonly rounds: number;
  /** Start and end of a program that does nothing (`/bin/true`), in the same rounds: part of every number. */
  readonly floorMs: readonly number[];
  /** The same of an executable built like dist/podwire that does nothing. */
  readonly emptyMs: readonly number[];
  readonly contenders: readonly ContenderMeasurement[];
  readonly crowds: readonly CrowdMeasurement[];
  readonly garbage: GarbageMeasurement;
  /** Where an ADD and a DEL of the plain network spend their time. */
  readonly profiles: { readonly add: readonly ProfilePart[]; readonly del: readonly ProfilePart[] };
};
