/** What the lab is started with. Crosses the channel from the outside to the inside, so it holds plain data only. */
export type LabOptions = {
  readonly directory: string;
  /** Absolute path of dist/podwire. */
  readonly executable: string;
  /** Absolute path of the collector's Unix socket; without it the agents report to nobody. */
  readonly collectorSocket?: string;
  readonly story: 'default' | 'empty';
  readonly retryMs: number;
  readonly token: string;
  readonly images: LabImages;
};

export type LabImages = {
  /** Holds `busybox/bin` with its applets, and `nginx/nginx` where Debian's package is not installed. */
  readonly directory: string;
  /** Path of nginx inside a pod. */
  readonly nginx: string;
  /** Path of nginx on the machine itself, for the internet host. */
  readonly nginxOnMachine: string;
};

/** One line on the lab's stdout, as JSON. */
export type LabReport =
  | { readonly type: 'progress'; readonly message: string }
  | { readonly type: 'ready'; readonly server: string; readonly token: string }
  | { readonly type: 'problem'; readonly message: string; readonly remedy: string };
