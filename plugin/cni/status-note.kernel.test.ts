import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { StatusNote } from '#model/agent/status-note.ts';
import { STATUS_FILE } from '#plugin/configuration/node-directories.ts';
import { KernelWorld, openKernelWorld } from '#plugin/testing/kernel-world.ts';
import { podCidrConfiguration } from '#plugin/testing/network-configuration.ts';

const PATH = `${KernelWorld.run}/${STATUS_FILE}`;

let world: KernelWorld;

beforeEach(async () => {
  world = await openKernelWorld();
});
afterEach(() => world[Symbol.dispose]());

const ask = (input = podCidrConfiguration()) => world.cni({ command: 'STATUS', input });
const askBroken = (podcidr = '10.240.2.1/24') => ask(podCidrConfiguration({ podcidr }));
const readNote = (): StatusNote => StatusNote.parse(JSON.parse(world.exec('cat', PATH)));
const listLines = () => world.readJournal().map(({ data }) => [data.verb, data.error?.code, data.repeats]);

/** As if the newest line had been written so long ago. */
function ageLine(seconds: number): void {
  const journalledAt = new Date(Date.now() - seconds * 1000).toISOString();
  world.exec('sh', '-c', `printf %s '${JSON.stringify({ ...readNote(), journalledAt })}' > ${PATH}`);
}

describe('a runtime that asks STATUS', () => {
  it('leaves when it asked and that the network is ready, and no line in the journal', () => {
    expect(ask().exitCode).toBe(0);
    const first = readNote();
    expect(first).toEqual({ lastAskedAt: first.since, since: first.since, network: 'podnet', unjournalled: 0 });
    ask();
    const { lastAskedAt, since } = readNote();
    expect([since, lastAskedAt > since]).toEqual([first.since, true]);
    expect(listLines()).toEqual([]);
  });

  it('of a tap is seen as well', () => {
    ask({ ...podCidrConfiguration(), mode: 'tap' });
    expect(readNote().network).toBe('podnet');
  });

  it('gets the same error each time, and the journal one line a minute, which counts those between', () => {
    for (let round = 0; round < 3; round += 1) expect(askBroken().answer.code).toBe(50);
    expect(listLines()).toEqual([['STATUS', 50, undefined]]);
    expect(readNote()).toMatchObject({ error: { code: 50 }, unjournalled: 2 });
    ageLine(61);
    askBroken();
    expect(listLines()).toEqual([
      ['STATUS', 50, undefined],
      ['STATUS', 50, 2],
    ]);
  });

  it('gets another error, or the first again after the network was ready: each has its line at once', () => {
    askBroken();
    askBroken('10.240.3.1/24');
    ask();
    askBroken('10.240.3.1/24');
    expect(listLines()).toHaveLength(3);
  });

  it('is answered, and its failures are journalled, where no note can be left', () => {
    world.exec('mkdir', '-p', `${PATH}/in-the-way`);
    expect(ask().exitCode).toBe(0);
    for (let round = 0; round < 2; round += 1) expect(askBroken().answer.code).toBe(50);
    expect(listLines()).toHaveLength(2);
  });
});
