import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { AgentMeasurement } from './agent-measurement.ts';
import { BatchSink } from './batch-sink.ts';

/*
 * The inner half of `bench -- agent`: runs as root of a throw-away world, prints one AgentMeasurement as JSON.
 */

/** USER_HZ of /proc/<pid>/stat: 100 on every Linux. */
const tickMs = 10;

/** Four full readings: the engine compiles what runs often, and an agent runs for weeks. */
const settleMs = 130_000;

const { values: options } = parseArgs({
  options: {
    podwire: { type: 'string', default: '' },
    pods: { type: 'string', default: '250' },
    idle: { type: 'string', default: '60' },
    changes: { type: 'string', default: '200' },
    readings: { type: 'string', default: '20' },
  },
});
const pods = Number(options.pods);
const podNames = Array.from({ length: pods }, (_, place) => `cni-${place + 1}`);

const sh = (script: string, input = ''): string =>
  execFileSync('sh', ['-ec', script], { encoding: 'utf8', input, maxBuffer: 256 * 1024 * 1024 });

function buildNode(): void {
  sh(`mount -t tmpfs tmpfs /run; mkdir -p /run/netns; ip link set lo up; sysctl -qw net.ipv6.conf.default.accept_dad=0
    ip link add cni0 type bridge; ip link set cni0 up; ip addr add 10.240.0.1/16 dev cni0
    iptables -P FORWARD DROP; iptables -A FORWARD -i cni0 -j ACCEPT; iptables -A FORWARD -o cni0 -j ACCEPT
    iptables -t nat -A POSTROUTING -s 10.240.0.0/16 ! -d 10.240.0.0/16 -j MASQUERADE`);
  const links = podNames.map((name, place) => {
    const veth = `veth${place + 1}`;
    return `netns add ${name}\nlink add ${veth} type veth peer name eth0 netns ${name}\nlink set ${veth} master cni0 up\n`;
  });
  sh('ip -batch -', links.join(''));
  for (const [place, name] of podNames.entries()) {
    const address = `10.240.${1 + (place >> 7)}.${1 + (place & 127)}`;
    const inside = `link set lo up\nlink set eth0 up\naddr add ${address}/16 dev eth0\nroute add default via 10.240.0.1\n`;
    sh(`ip -n ${name} -batch -`, inside);
  }
}

/** User and system time of a process and of its children that ended, from the fields behind `comm` in proc_pid_stat(5). */
function readCpuMs(pid: number | 'self'): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0) * tickMs;
}

function readMemoryBytes(pid: number, field: 'VmRSS' | 'VmHWM'): number {
  const match = new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Number(match?.[1] ?? 0) * 1024;
}

async function measureAgent(folder: string, sink: BatchSink) {
  const agent: ChildProcess = spawn(options.podwire, ['agent'], {
    env: { ...process.env, PODWIRE_NODE: 'bench', PODWIRE_STATE: folder, PODWIRE_COLLECTOR: `unix:${sink.path}` },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const pid = agent.pid ?? 0;
  await sink.until(() => sink.kernelRecords > 0);
  await wait(settleMs);
  const idleFrom = readCpuMs(pid);
  await wait(Number(options.idle) * 1000);
  const idleCpuMs = readCpuMs(pid) - idleFrom;
  const changes = Number(options.changes);
  const [changesFrom, startMs] = [readCpuMs(pid), performance.now()];
  for (let change = 0; change < changes; change += 1) {
    const told = sink.kernelRecords;
    sh(`ip link set veth${1 + (change % pods)} mtu ${1400 + (change % 90)}`);
    await sink.until(() => sink.kernelRecords > told);
  }
  const changesCpuMs = readCpuMs(pid) - changesFrom;
  const changesIdleCpuMs = (idleCpuMs / (Number(options.idle) * 1000)) * (performance.now() - startMs);
  const engine = readEngineOptions(pid);
  const memory = { rssBytes: readMemoryBytes(pid, 'VmRSS'), peakRssBytes: readMemoryBytes(pid, 'VmHWM') };
  agent.kill('SIGTERM');
  await new Promise((resolve) => agent.once('exit', resolve));
  return { engine, measured: { idleCpuMs, changes, changesCpuMs, changesIdleCpuMs, ...memory } };
}

/** The engine's options that the agent has given to itself. */
function readEngineOptions(pid: number): Record<string, string> {
  const variables = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
  const options = variables.filter((each) => /^(BUN_|MIMALLOC_)/.test(each));
  return Object.fromEntries(options.map((each) => each.split('=') as [string, string]));
}

function measureReadings(
  engine: Readonly<Record<string, string>>,
): Pick<AgentMeasurement, 'firstReadingMs' | 'readingsMs' | 'readingsCpuMs'> {
  const { stderr, status } = spawnSync(options.podwire, ['snapshot'], {
    env: { ...process.env, ...engine, PODWIRE_READINGS: String(1 + Number(options.readings)) },
    encoding: 'utf8',
    maxBuffer: 256 * 1024 * 1024,
  });
  if (status !== 0) throw new Error(`podwire snapshot ended with ${status}: ${stderr}`);
  const [first, ...readings] = stderr
    .trim()
    .split('\n')
    .map((line): { durationMs: number; cpuMs: number } => JSON.parse(line))
    .filter(({ durationMs }) => durationMs !== undefined);
  return {
    firstReadingMs: first?.durationMs ?? 0,
    readingsMs: readings.map(({ durationMs }) => durationMs),
    readingsCpuMs: readings.map(({ cpuMs }) => cpuMs),
  };
}

function measureTools(): Pick<AgentMeasurement, 'toolsMs' | 'toolsCpuMs' | 'toolPerChangeCpuMs'> {
  const read = (ip: string, bridge: string) =>
    ['-d link', 'addr', '-4 route show table all', '-6 route show table all', '-4 rule', '-6 rule', 'neigh']
      .map((words) => `${ip} -j ${words}`)
      .concat(`${bridge} -j fdb`)
      .join('\n');
  const [cpuFrom, startMs] = [readCpuMs('self'), performance.now()];
  const script = [read('ip', 'bridge'), ...podNames.map((name) => read(`ip -n ${name}`, `bridge -n ${name}`))];
  sh(`{ ${script.join('\n')}\n} >/dev/null`);
  const [toolsMs, toolsCpuMs] = [performance.now() - startMs, readCpuMs('self') - cpuFrom];
  const changesFrom = readCpuMs('self');
  const looks = podNames.slice(0, 100).map((_, place) => `ip -j -d link show veth${place + 1}`);
  sh(`{ ${looks.join('\n')}\n} >/dev/null`);
  return { toolsMs, toolsCpuMs, toolPerChangeCpuMs: (readCpuMs('self') - changesFrom) / looks.length };
}

const folder = mkdtempSync(join(tmpdir(), 'podwire-bench-agent-'));
const sink = new BatchSink(join(folder, 'collector.sock'));
try {
  buildNode();
  const { engine, measured } = await measureAgent(folder, sink);
  const measurement: AgentMeasurement = {
    pods,
    idleSeconds: Number(options.idle),
    ...measured,
    ...measureReadings(engine),
    ...measureTools(),
  };
  process.stdout.write(JSON.stringify(measurement));
} finally {
  sink.close();
  rmSync(folder, { recursive: true, force: true });
}
