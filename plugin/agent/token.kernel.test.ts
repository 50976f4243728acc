import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findSandboxObstacle } from './kernel-sandbox.ts';
import { TestAgentNode } from './test-agent-node.ts';

const obstacle = findSandboxObstacle();
if (obstacle !== undefined) console.warn(`skipped: ${obstacle}`);

describe.skipIf(obstacle !== undefined)('an agent whose collector asks for a token', () => {
  let node: TestAgentNode;
  let tokenFile: string;

  beforeEach(async () => {
    node = await TestAgentNode.start();
    tokenFile = join(node.sandbox.folder, 'token');
  });
  afterEach(() => node.stop());

  const start = (): void => node.startAgent({ PODWIRE_TOKEN_FILE: tokenFile });
  const says = (words: string): Promise<void> => node.collector.until(() => node.log.includes(words));

  it('sends that of the file with batches and for commands, and the new one as soon as it is renewed', async () => {
    node.collector.token = 'first-0123456789';
    writeFileSync(tokenFile, 'first-0123456789\n');
    start();
    await node.collector.until(() => node.collector.batches.length > 0 && node.collector.hasListener);
    // kubelet renews it while the old one is still good; the collector then takes the old one no longer.
    writeFileSync(tokenFile, 'second-0123456789');
    node.collector.token = 'second-0123456789';
    const { length } = node.collector.batches;
    await node.collector.until(() => node.collector.batches.length > length);
    await node.collector.crash();
    node.collector.restart();
    await node.collector.until(() => node.collector.hasListener);
    expect(new Set(node.collector.authorizations)).toEqual(
      new Set(['Bearer first-0123456789', 'Bearer second-0123456789']),
    );
    expect(node.log).not.toContain('0123456789');
  });

  it('says that the file is missing, and goes on when it is there', async () => {
    start();
    await says('the token for the collector cannot be read (PODWIRE_TOKEN_FILE)');
    await says('ENOENT');
    expect(node.collector.authorizations).toEqual([]);
    node.journal('event-1');
    writeFileSync(tokenFile, 'good-0123456789');
    await node.collector.until(() => node.collector.eventIds.includes('event-1'));
    await says('the collector answers again');
  });

  it('that is refused loses nothing: what it has to tell comes with a token that is taken', async () => {
    node.collector.token = 'good-0123456789';
    writeFileSync(tokenFile, 'stale-0123456789');
    node.journal('event-1', 'event-2');
    start();
    await says('HTTP 401');
    await says('token-refused');
    expect(node.collector.eventIds).toEqual([]);
    rmSync(tokenFile);
    writeFileSync(tokenFile, 'good-0123456789');
    await node.collector.until(() => node.collector.eventIds.length === 2);
    expect(node.collector.violations).toEqual([]);
    expect(node.log).not.toContain('0123456789');
  });
});
