import { formatIpPrefix } from '#plugin/network/ip-address.ts';
import type { AddressAssignment } from './address-assignment.ts';
import { CNI_ERROR_CODE, CniFailure } from './cni-failure.ts';
import { executeIpamPlugin, findIpamPlugin } from './execute-ipam-plugin.ts';
import type { InvocationContext } from './invocation-context.ts';
import type { CniCommand } from './parse-environment.ts';
import { parseIpamResult } from './parse-ipam-result.ts';
import type { StepNotes } from './step-sequence.ts';

/** What the same configuration gets again however often it is asked: CNI specification, section "Error". */
const LASTING_CODES: ReadonlySet<number> = new Set([
  CNI_ERROR_CODE.versionIncompatible,
  CNI_ERROR_CODE.unsupportedField,
  CNI_ERROR_CODE.containerUnknown,
  CNI_ERROR_CODE.environmentInvalid,
  CNI_ERROR_CODE.decodingFailed,
  CNI_ERROR_CODE.configurationInvalid,
]);

/**
 * How a plugin from before CNI 1.1.0 answers GC and STATUS: the command is unknown to it (4), the configuration's version
 * is (1), or it misses the container id that neither command has (3), whichever it looks at first.
 */
const COMMAND_UNKNOWN_CODES: ReadonlySet<number> = new Set([
  CNI_ERROR_CODE.versionIncompatible,
  CNI_ERROR_CODE.containerUnknown,
  CNI_ERROR_CODE.environmentInvalid,
]);

/** Asks another plugin for the pod's addresses; taken back by its DEL, also where it failed half-way. */
export function delegateAdd(context: InvocationContext, plugin: string): AddressAssignment {
  return context.steps.run('ipam.delegate', (notes) => {
    const call = describeCall(context, { plugin, command: 'ADD', notes });
    notes.onUndo(() => {
      const failure = findRetryableFailure(() => executeIpamPlugin(context, { ...call, command: 'DEL' }));
      if (failure !== undefined) throw failure;
    });
    const assignment = parseIpamResult(executeIpamPlugin(context, call), plugin);
    notes.object = assignment.addresses.map(({ prefix }) => formatIpPrefix(prefix)).join(', ');
    return assignment;
  });
}

/** @throws what the plugin answered */
export function delegateCheck(context: InvocationContext, plugin: string): void {
  context.steps.run('ipam.delegate', (notes) => {
    executeIpamPlugin(context, describeCall(context, { plugin, command: 'CHECK', notes }));
  });
}

/**
 * The pod goes in any case, so nothing is thrown.
 * @returns why the plugin could not be run or failed, where a second DEL could fare better; undefined where it succeeded or
 * never will
 */
export function delegateDelete(context: InvocationContext, plugin: string): CniFailure | undefined {
  try {
    return context.steps.run('ipam.delegate', (notes) => {
      const call = describeCall(context, { plugin, command: 'DEL', notes });
      return findRetryableFailure(() => executeIpamPlugin(context, call));
    });
  } catch (error) {
    if (error instanceof CniFailure) return error;
    throw error;
  }
}

function findRetryableFailure(work: () => void): CniFailure | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    if (!(error instanceof CniFailure)) throw error;
    return LASTING_CODES.has(error.code) ? undefined : error;
  }
}

/** @throws what the plugin answered, unless it does not know the command */
export function delegateGarbageCollection(context: InvocationContext, plugin: string): void {
  runIfKnown(context, plugin, 'GC');
}

/** @throws CniFailure of code 50 or 51 */
export function delegateStatus(context: InvocationContext, plugin: string): void {
  try {
    runIfKnown(context, plugin, 'STATUS');
  } catch (error) {
    if (!(error instanceof CniFailure)) throw error;
    const { message, details, code } = error;
    const { limitedConnectivity, notAvailable } = CNI_ERROR_CODE;
    throw new CniFailure(message, {
      code: code === limitedConnectivity ? code : notAvailable,
      details,
      cause: error,
    });
  }
}

function runIfKnown(context: InvocationContext, plugin: string, command: CniCommand): void {
  context.steps.run('ipam.delegate', (notes) => {
    const call = describeCall(context, { plugin, command, notes });
    try {
      executeIpamPlugin(context, call);
    } catch (error) {
      if (!(error instanceof CniFailure && COMMAND_UNKNOWN_CODES.has(error.code))) throw error;
    }
  });
}

type DescribedCall = { readonly plugin: string; readonly command: CniCommand; readonly notes: StepNotes };

function describeCall(context: InvocationContext, { plugin, command, notes }: DescribedCall) {
  notes.object = plugin;
  const path = findIpamPlugin(context, plugin);
  notes.command = `CNI_COMMAND=${command} ${path}`;
  return { plugin, command, path };
}
