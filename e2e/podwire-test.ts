import { test as base } from '@playwright/test';
import { deleteLabPod } from './call-api.ts';

type PodwireFixtures = {
  /** Name of a pod that exists nowhere yet, and is deleted when the test is over. */
  readonly podName: string;
};

const readServerUrl = (): string => {
  const url = process.env.PODWIRE_E2E_URL;
  if (url === undefined) throw new Error('the global set-up has not started a server');
  return url;
};

/** Playwright's `test`, with the shared server as base URL. */
export const podwireTest = base.extend<PodwireFixtures>({
  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the names of the fixtures from this pattern.
  baseURL: async ({}, use) => {
    await use(readServerUrl());
  },
  podName: async ({ baseURL }, use, testInfo) => {
    const name = `e2e-${testInfo.testId.slice(0, 6)}-${testInfo.retry}`.toLowerCase();
    await use(name);
    await deleteLabPod(baseURL ?? readServerUrl(), name);
  },
});
