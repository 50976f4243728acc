import type { Described } from './describe-fields.ts';

/** The network that one CNI plugin builds, put together by hand. */
export interface Shape {
  readonly title: string;
  /** With `ip` and the like, run with `-e` in an empty node. */
  readonly script: string;
  /** Bound namespaces, beside the node itself. */
  readonly pods: readonly string[];
  /** Lines that have to be there, so that an empty comparison does not pass: place, collection, and a part of the line. */
  readonly essence: readonly (readonly [place: string, collection: keyof Described, part: string])[];
}
