import type { CniError, CniVerb, InvocationConfig, PluginMode } from '#model/cni/invocation-event.ts';
import type { JsonObject } from '#model/json.ts';
import { fail, type Result, succeed } from '#model/result.ts';
import { appendEvent } from '#plugin/journal/append-event.ts';
import { describeInvocation } from '#plugin/journal/describe-invocation.ts';
import { noteStatus, type StatusLine } from '#plugin/journal/note-status.ts';
import { recallNetworkConfiguration } from '#plugin/journal/recall-network-configuration.ts';
import { readFileStatus, readRandomBytes } from '#plugin/netlink/file-calls.ts';
import { PLUGIN_VERSION } from '#plugin/version.ts';
import { classifyError } from './classify-error.ts';
import type { CniFailure } from './cni-failure.ts';
import { isSupportedCniVersion, NEWEST_CNI_VERSION, SUPPORTED_CNI_VERSIONS } from './cni-version.ts';
import { DEFAULT_DEADLINE_MS, Deadline, readDeadlineMs } from './deadline.ts';
import { executeCommand } from './execute-command.ts';
import { extractPreviousResult } from './extract-previous-result.ts';
import { parseKillPoint } from './kill-at-step.ts';
import { type NodeContext, readNodeContext } from './node-context.ts';
import { type InvocationEnvironment, looselyParseCniArgs, parseEnvironment } from './parse-environment.ts';
import { readMode } from './read-mode.ts';
import { readStandardInput, writeWholly } from './standard-streams.ts';
import { StepSequence } from './step-sequence.ts';

const STDOUT = 1;
const STDERR = 2;

const VERBS: ReadonlySet<string> = new Set<CniVerb>(['ADD', 'DEL', 'CHECK', 'GC', 'STATUS', 'VERSION']);

/** VERSION answers the same in every mode. */
const TAPPED_VERBS: ReadonlySet<string> = new Set<CniVerb>(['ADD', 'DEL', 'CHECK', 'GC', 'STATUS']);

/** An environment that is wrong is told at once: stdin is only wanted for the journal then. */
const UNUSED_INPUT_TIMEOUT_MS = 1000;

type Run = {
  readonly variables: Readonly<Record<string, string | undefined>>;
  readonly steps: StepSequence;
  readonly deadline: Deadline;
  input: string | undefined;
  inputFailure: CniFailure | undefined;
  mode: PluginMode;
  output: string;
  netnsId: string | undefined;
};

/**
 * One invocation: environment and stdin in, stdout and exit code out. The journal is written after the answer and cannot
 * change it.
 * @param nowUs microseconds since the start of the process
 * @returns the exit code
 */
export function runCni(variables: Run['variables'], nowUs: () => number): number {
  if (!variables.CNI_COMMAND) return printAbout();
  const startedAtMs = performance.timeOrigin;
  const deadline = new Deadline(readDeadlineMs(variables), () => nowUs() / 1000);
  const run: Run = {
    variables,
    steps: new StepSequence(nowUs, deadline, parseKillPoint(variables.PODWIRE_TEST_KILL_AT)),
    deadline,
    input: undefined,
    inputFailure: undefined,
    mode: 'bridge',
    output: '',
    netnsId: readNetnsId(variables),
  };
  const error = attempt(run, startedAtMs);
  const exitCode = error === undefined ? 0 : 1;
  writeJournal(run, { error, exitCode, startedAtMs, durationUs: nowUs() });
  return exitCode;
}

function attempt(run: Run, startedAtMs: number): CniError | undefined {
  try {
    const request = readRequest(run);
    const { input = '', variables, steps, deadline } = run;
    if (run.mode === 'tap' && TAPPED_VERBS.has(variables.CNI_COMMAND ?? '')) passThrough(run);
    else if (!request.ok) throw request.error;
    else if (request.value.command === 'VERSION') print(run, describeVersions(input));
    else {
      const environment = request.value;
      executeCommand({ environment, input, variables, steps, deadline, startedAtMs }, (result) => print(run, result));
    }
    return undefined;
  } catch (error) {
    const { code, message, details } = classifyError(error);
    const cniError = { code, msg: message, ...(details === undefined ? {} : { details }) };
    printError(run, cniError);
    return cniError;
  }
}

/**
 * Environment and stdin. The journal gets what came on stdin, and a tap is told to be one, even where the environment, or
 * stdin itself, is wrong.
 */
function readRequest(run: Run): Result<InvocationEnvironment, unknown> {
  const environment = tryParseEnvironment(run.variables);
  const limit = environment.ok
    ? run.deadline
    : { remainingMs: () => Math.min(UNUSED_INPUT_TIMEOUT_MS, run.deadline.remainingMs()) };
  const { text, failure } = readStandardInput(limit);
  run.input = text;
  run.inputFailure = failure;
  run.mode = readMode(text);
  return environment.ok && failure !== undefined ? fail(failure) : environment;
}

function tryParseEnvironment(variables: Run['variables']): Result<InvocationEnvironment, unknown> {
  try {
    return succeed(parseEnvironment(variables));
  } catch (error) {
    return fail(error);
  }
}

/**
 * Tap mode: the pod is the other plugins' work, and nothing here may cost it. ADD gives their result back as it came;
 * every other command succeeds, as an error in DEL, where a tap comes first, would keep the real plugin from its own DEL.
 */
function passThrough(run: Run): void {
  if (run.variables.CNI_COMMAND !== 'ADD') return;
  if (run.inputFailure !== undefined) throw run.inputFailure;
  const result = run.steps.run('config.parse', () => extractPreviousResult(run.input ?? ''));
  run.steps.run('result.print', () => printText(run, `${result}\n`));
}

function print(run: Run, value: JsonObject): void {
  printText(run, `${JSON.stringify(value)}\n`);
}

function printText(run: Run, text: string): void {
  writeWholly(STDOUT, text, run.deadline);
  run.output = text;
}

function printError(run: Run, { code, msg, details }: CniError): void {
  run.deadline.beginUndo();
  const cniVersion = readCniVersion(run.input ?? '') ?? NEWEST_CNI_VERSION;
  try {
    print(run, { cniVersion, code, msg, ...(details === undefined ? {} : { details }) });
  } catch {
    // Nobody reads: the exit code still tells.
  }
}

/** CNI specification, section "VERSION". Nothing but stdin decides the answer. */
function describeVersions(input: string): JsonObject {
  return { cniVersion: readCniVersion(input) ?? NEWEST_CNI_VERSION, supportedVersions: SUPPORTED_CNI_VERSIONS };
}

function readCniVersion(input: string): string | undefined {
  try {
    const { cniVersion } = JSON.parse(input) as { readonly cniVersion?: unknown };
    return typeof cniVersion === 'string' && isSupportedCniVersion(cniVersion) ? cniVersion : undefined;
  } catch {
    return undefined;
  }
}

function printAbout(): number {
  const versions = SUPPORTED_CNI_VERSIONS.join(', ');
  writeWholly(STDERR, `Podwire ${PLUGIN_VERSION}, a CNI plugin\nCNI protocol versions supported: ${versions}\n`, {
    remainingMs: () => DEFAULT_DEADLINE_MS,
  });
  return 0;
}

/** The strongest evidence of which pod it was; taken before anything is done, as DEL may outlive the namespace. */
function readNetnsId({ CNI_COMMAND: command, CNI_NETNS: path }: Run['variables']): string | undefined {
  if (!path || command === 'VERSION' || command === 'STATUS') return undefined;
  try {
    return readFileStatus(path)?.inode.toString();
  } catch {
    return undefined;
  }
}

function readNetworkName(input: string): string | undefined {
  try {
    const { name } = JSON.parse(input) as { readonly name?: unknown };
    return typeof name === 'string' ? name : undefined;
  } catch {
    return undefined;
  }
}

type Outcome = {
  readonly error: CniError | undefined;
  readonly exitCode: number;
  readonly startedAtMs: number;
  readonly durationUs: number;
};

/** STATUS and VERSION are asked all the time: only their failures are worth a line, and of those that repeat not each. */
function writeJournal(run: Run, { error, exitCode, startedAtMs, durationUs }: Outcome): void {
  const verb = run.variables.CNI_COMMAND ?? '';
  if (!VERBS.has(verb) || (error === undefined && verb === 'VERSION')) return;
  try {
    const context = readNodeContext(run.variables);
    const line = verb === 'STATUS' ? noteQuietly(run, { context, error, startedAtMs }) : { isDue: true, repeats: 0 };
    if (!line.isDue) return;
    const { variables, mode, input, output, netnsId } = run;
    const event = describeInvocation(
      {
        verb: verb as CniVerb,
        mode,
        variables,
        args: looselyParseCniArgs(variables.CNI_ARGS),
        input,
        output,
        netnsId,
        error,
        repeats: line.repeats,
        exitCode,
        steps: run.steps.steps,
        config: findConfig(context, input),
        startedAtMs,
        durationUs,
      },
      { node: context.node, pluginVersion: PLUGIN_VERSION, random: readRandomBytes(10) },
    );
    const obstacle = appendEvent(context, event);
    if (obstacle !== undefined) tellQuietly(run.deadline, `podwire: the journal was not written: ${obstacle}\n`);
  } catch (problem) {
    tellQuietly(
      run.deadline,
      `podwire: the invocation is in no journal: ${problem instanceof Error ? problem.message : String(problem)}\n`,
    );
  }
}

type Answered = { readonly context: NodeContext; readonly error: CniError | undefined; readonly startedAtMs: number };

/** Without a note nothing is known of the STATUS before: each that failed has its line. */
function noteQuietly({ input }: Run, { context, error, startedAtMs }: Answered): StatusLine {
  try {
    return noteStatus(context.runDirectory, { startedAtMs, network: readNetworkName(input ?? ''), error });
  } catch {
    return { isDue: error !== undefined, repeats: 0 };
  }
}

/** The chain that this invocation is a part of. A directory that cannot be read, or is not there, tells nothing. */
function findConfig(context: NodeContext, input = ''): InvocationConfig | undefined {
  try {
    const { name: network, type } = JSON.parse(input) as { readonly name?: unknown; readonly type?: unknown };
    if (typeof network !== 'string' || typeof type !== 'string') return undefined;
    return recallNetworkConfiguration(context, { network, type });
  } catch {
    return undefined;
  }
}

function tellQuietly(deadline: Deadline, text: string): void {
  try {
    writeWholly(STDERR, text, deadline);
  } catch {
    // Without stderr there is nobody left to tell.
  }
}
