/** What one run of the agent's benchmark measured. CPU is user and system time, of child processes too. */
export interface AgentMeasurement {
  readonly pods: number;
  readonly idleSeconds: number;
  readonly idleCpuMs: number;
  readonly rssBytes: number;
  readonly peakRssBytes: number;
  /** Of one full reading after the other in one process, the first left out: it decodes everything. */
  readonly readingsMs: readonly number[];
  readonly firstReadingMs: number;
  /** CPU of the same readings, without the netfilter tools that they start. */
  readonly readingsCpuMs: readonly number[];
  readonly changes: number;
  readonly changesCpuMs: number;
  /** CPU of the agent over the same time without changes. */
  readonly changesIdleCpuMs: number;
  /** The same reading by `ip -j` and `bridge -j`: whole processes, one for each table and namespace. */
  readonly toolsMs: number;
  readonly toolsCpuMs: number;
  /** `ip -j link` alone, once for each changed link, as a script would look. */
  readonly toolPerChangeCpuMs: number;
}
