import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeFileError } from './install-failure.ts';

/**
 * A file that keeps the agent from the node's pod network: there after `podwire uninstall`, gone after `podwire install`. It outlives a
 * restart of the node, as the decision does.
 */
export function managementSwitchPath(stateDirectory: string): string {
  return join(stateDirectory, 'unmanaged');
}

export function isManaged(stateDirectory: string): boolean {
  return !existsSync(managementSwitchPath(stateDirectory));
}

/** @returns whether that is a change @throws InstallFailure */
export function setManaged(stateDirectory: string, isWanted: boolean): boolean {
  if (isManaged(stateDirectory) === isWanted) return false;
  const path = managementSwitchPath(stateDirectory);
  try {
    if (isWanted) {
      rmSync(path);
    } else {
      mkdirSync(stateDirectory, { recursive: true, mode: 0o755 });
      writeFileSync(path, 'podwire agent leaves the pod network alone while this file is here\n');
    }
    return true;
  } catch (error) {
    throw describeFileError(`${path} cannot be changed`, error);
  }
}
