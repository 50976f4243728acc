import type { ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findSandboxObstacle, KernelSandbox } from './kernel-sandbox.ts';

const obstacle = findSandboxObstacle();
if (obstacle !== undefined) console.warn(`skipped: ${obstacle}`);

const network = (type: string) => JSON.stringify({ name: 'net', cniVersion: '1.0.0', plugins: [{ type }] });

describe.skipIf(obstacle !== undefined)('the agent of a node that is tapped', () => {
  let sandbox: KernelSandbox;
  let agent: ChildProcess | undefined;
  let log = '';
  const path = (name: string) => join(sandbox.folder, 'net.d', name);

  beforeEach(async () => {
    sandbox = await KernelSandbox.start();
    mkdirSync(join(sandbox.folder, 'net.d'));
    writeFileSync(path('10-other.conflist'), network('bridge'));
  });
  afterEach(async () => {
    agent?.kill('SIGKILL');
    await sandbox.stop();
  });

  const variables = () => ({
    PODWIRE_NODE: 'n',
    PODWIRE_STATE: sandbox.folder,
    PODWIRE_COLLECTOR: `unix:${join(sandbox.folder, 'nobody.sock')}`,
    PODWIRE_MODE: 'auto',
    PODWIRE_BIN_DIR: join(sandbox.folder, 'bin'),
    PODWIRE_CONF_DIR: join(sandbox.folder, 'net.d'),
  });
  const install = () => {
    const words = Object.entries(variables()).map(([name, value]) => `${name}=${value}`);
    sandbox.run(
      `env ${words.join(' ')} ${process.env.PODWIRE_EXECUTABLE ?? `${import.meta.dirname}/../../dist/podwire`} install`,
    );
  };
  const startAgent = () => {
    log = '';
    agent = sandbox.startPodwire('agent', variables());
    agent.stderr?.setEncoding('utf8').on('data', (text: string) => {
      log += text;
    });
  };
  const until = async (holds: () => boolean) => {
    while (!holds()) await wait(50);
  };
  const readTap = () => JSON.parse(readFileSync(path('00-podwire-tap.conflist'), 'utf8')) as { plugins: object[] };

  it('takes over what the other plugin’s installer writes, and removes the copy when that network is gone', async () => {
    install();
    startAgent();
    await until(() => log.includes('"mode":"tap"'));
    writeFileSync(path('.new'), network('macvlan'));
    renameSync(path('.new'), path('10-other.conflist'));
    await until(() => log.includes('the tap follows a change'));
    expect(readTap().plugins).toEqual([{ type: 'macvlan' }, { type: 'podwire', mode: 'tap' }]);
    rmSync(path('10-other.conflist'));
    await until(() => log.includes('the tap is removed'));
    expect(existsSync(path('00-podwire-tap.conflist'))).toBe(false);
  });

  it('leaves a copy that it cannot make anew as it is, says so, and makes none that was taken away', async () => {
    install();
    const before = readTap();
    writeFileSync(path('10-other.conflist'), '{');
    startAgent();
    await until(() => log.includes('the tap cannot be kept'));
    expect(readTap()).toEqual(before);
    writeFileSync(path('10-other.conflist'), network('macvlan'));
    await until(() => log.includes('the tap follows a change'));
    rmSync(path('00-podwire-tap.conflist'));
    await until(() => log.includes('the tap was taken away'));
    expect(existsSync(path('00-podwire-tap.conflist'))).toBe(false);
  });
});
