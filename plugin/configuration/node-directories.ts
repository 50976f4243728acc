/** Where things are on a node unless the environment says otherwise. */
export const DEFAULT_DIRECTORIES = {
  /** PODWIRE_STATE: outlives a restart of the node. */
  state: '/var/lib/podwire',
  /** PODWIRE_RUN: does not. */
  run: '/run/podwire',
  /** PODWIRE_CONF_DIR: where the runtime finds its networks. */
  configuration: '/etc/cni/net.d',
} as const;

/** Below PODWIRE_RUN: what the runtime's STATUS was told last (model/agent/status-note.ts). */
export const STATUS_FILE = 'status';
