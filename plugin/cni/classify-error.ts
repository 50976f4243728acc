import { ReservationUnwritable } from '#plugin/ipam/reservation-store.ts';
import { SystemCallError } from '#plugin/netlink/libc.ts';
import { NetlinkError } from '#plugin/netlink/netlink-socket.ts';
import { LockTimeout } from '#plugin/netlink/wait-for-lock.ts';
import { BridgeConflict } from '#plugin/network/ensure-bridge.ts';
import { ProgramTimeout, RulesRefused } from '#plugin/network/run-program.ts';
import { CNI_ERROR_CODE, CniFailure } from './cni-failure.ts';

/** The one place where what a layer below threw becomes an error of the CNI protocol. */
export function classifyError(error: unknown): CniFailure {
  if (error instanceof CniFailure) return error;
  if (!(error instanceof Error)) return new CniFailure(String(error), { code: CNI_ERROR_CODE.internal });
  const { message } = error;
  if (error instanceof SystemCallError && error.syscall === 'recv' && error.code === 'EAGAIN') {
    const message = 'the kernel did not answer before the deadline';
    return new CniFailure(message, { code: CNI_ERROR_CODE.tryAgainLater, cause: error });
  }
  if (error instanceof NetlinkError || error instanceof SystemCallError) {
    return new CniFailure(message, { code: CNI_ERROR_CODE.kernelRefused, cause: error });
  }
  if (error instanceof LockTimeout || error instanceof ProgramTimeout)
    return new CniFailure(message, { code: CNI_ERROR_CODE.tryAgainLater, cause: error });
  if (error instanceof BridgeConflict)
    return new CniFailure(message, { code: CNI_ERROR_CODE.bridgeConflict, cause: error });
  if (error instanceof RulesRefused)
    return new CniFailure(message, { code: CNI_ERROR_CODE.rulesRefused, cause: error });
  // Not every error from a file names its system call.
  if (error instanceof ReservationUnwritable || 'syscall' in error || isErrno(error))
    return new CniFailure(message, { code: CNI_ERROR_CODE.inputOutput, cause: error });
  return new CniFailure(message, { code: CNI_ERROR_CODE.internal, details: error.name, cause: error });
}

const isErrno = (error: Error): boolean => 'code' in error && /^E[A-Z0-9]+$/.test(String(error.code));
