import { type NetlinkSocket, openNetlinkSocket } from '#plugin/netlink/netlink-socket.ts';
import { NETLINK } from '#plugin/netlink/netlink-tables.ts';
import { findProgram, RulesRefused, runProgram } from './run-program.ts';

/** How long a lock or a program may be waited for, asked anew each time. */
export type RemainingMs = () => number;

/** How rules are reached: nf_tables are read over netlink, everything else is done by the node's programs. */
export class RulesAccess implements Disposable {
  readonly socket: NetlinkSocket;
  readonly remainingMs: RemainingMs;

  constructor(remainingMs: RemainingMs) {
    this.remainingMs = remainingMs;
    this.socket = openNetlinkSocket(NETLINK.NETFILTER, remainingMs());
  }

  /** @returns what it printed @throws RulesRefused; ProgramTimeout */
  run(name: string, parameters: readonly string[], input = ''): string {
    const program = findProgram(name);
    if (program === undefined) throw new RulesRefused(`the program ${name} is missing on this node`);
    return runProgram({ program, parameters, input, timeoutMs: this.remainingMs() });
  }

  [Symbol.dispose](): void {
    this.socket[Symbol.dispose]();
  }
}
