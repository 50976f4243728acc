import { ReservationStore } from '#plugin/ipam/reservation-store.ts';
import {
  areRulesProven,
  ensureRules,
  pruneRules,
  type RulesNode,
  restoreRules,
  rulesKey,
} from '#plugin/network/ensure-rules.ts';
import { listMissingRules } from '#plugin/network/find-missing-rules.ts';
import { containsAddress, formatIpPrefix, parseIpAddress } from '#plugin/network/ip-address.ts';
import { type RulesDemand, rulesComment } from '#plugin/network/list-rules.ts';
import { readBootId } from '#plugin/network/read-boot-id.ts';
import { type Observation, observeRight } from './observation.ts';

export type RulesSituation = {
  readonly runDirectory: string;
  readonly stateDirectory: string;
  /** RFC 3339 */
  readonly now: string;
  /** Programs may be started to look at what netlink does not tell. */
  readonly isThorough: boolean;
};

/** Another program may hold the lock of iptables; the next round tries again. */
const PROGRAM_TIMEOUT_MS = 5_000;

/**
 * The rules of the network, the very ones that the plugin sets with the first pod, marker included: neither undoes what the other
 * did. The object names the chains that lack something; one repair sets them all.
 */
export function observeRules(demand: RulesDemand, situation: RulesSituation): Observation {
  const node = describeNode(demand, situation);
  const key = `rules of ${rulesComment(demand.network)}`;
  const about = { kind: 'rule', key, wanted: rulesKey(demand, node) + demand.subnets.map(formatIpPrefix) } as const;
  if (!situation.isThorough && areRulesProven(demand, node)) return observeRight({ ...about, object: key });
  const missing = listMissingRules(demand, node);
  if (missing.length > 0) {
    return {
      ...about,
      object: [...new Set(missing.map(({ chain }) => chain))].join(', '),
      state: 'missing',
      command: missing.map(({ command }) => command).join(' && '),
      repair: () => void restoreRules(demand, node),
    };
  }
  // The marker may be of another boot or demand; rules of ranges that the node has no more go with the last of their pods.
  ensureRules(demand, node);
  pruneRules(demand, node);
  return observeRight({ ...about, object: key });
}

function describeNode({ network }: RulesDemand, { runDirectory, stateDirectory, now }: RulesSituation): RulesNode {
  const bootId = readBootId();
  const isSubnetInUse: RulesNode['isSubnetInUse'] = (subnet) => {
    const store = new ReservationStore({
      directory: `${stateDirectory}/ipam/${network}`,
      bootId,
      startedAt: now,
      hostLocalDirectory: undefined,
      lockTimeoutMs: () => PROGRAM_TIMEOUT_MS,
    });
    return store
      .listReserved()
      .map(parseIpAddress)
      .some((address) => address !== undefined && containsAddress(subnet, address));
  };
  return { runDirectory, bootId, remainingMs: () => PROGRAM_TIMEOUT_MS, isSubnetInUse };
}
