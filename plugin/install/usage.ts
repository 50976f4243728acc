/** What `podwire help` prints. */
export const USAGE = `podwire: a CNI plugin, and what belongs to it on a node

Usage:
  podwire                    as a CNI plugin, told by CNI_COMMAND and stdin
  podwire agent              follow journal and kernel, report to the collector (PODWIRE_COLLECTOR);
                             with PODWIRE_API_SERVER: keep the node's pod network right
  podwire snapshot           print the kernel state of this node once
  podwire install [flags]    put executable and network configuration into place
  podwire uninstall [flags]  take the network configuration away again, and keep the agent from it
  podwire version            print the version
  podwire help               print this

Flags of install and uninstall, each with its variable and default:
  --mode          PODWIRE_MODE          bridge; tap: watch the network that is there; auto: tap where one is there
  --bin-dir       PODWIRE_BIN_DIR       /opt/cni/bin
  --conf-dir      PODWIRE_CONF_DIR      /etc/cni/net.d
  --conf-name     PODWIRE_CONF_NAME     10-podwire.conflist; tap: a name before the network's own
  --pod-cidr      PODWIRE_POD_CIDR      bridge: required; two behind a comma for dual stack;
                                        node: the agent writes the network when it knows the node's range
  --cluster-cidr  PODWIRE_CLUSTER_CIDR  none; other nodes' pods, which see no masquerade
  --mtu           PODWIRE_MTU           the kernel's default
  --purge         PODWIRE_PURGE         false; true: uninstall takes executable and state too, once no pod needs them

Exit codes of install and uninstall: 0 done, 1 failed, 2 wrong flags.
`;
