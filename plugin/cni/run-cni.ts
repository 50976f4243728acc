import { statSync } from 'node:fs';
import type { CniError, CniVerb } from '#model/cni/invocation-event.ts';
import type { JsonObject } from '#model/json.ts';
import { appendEvent } from '#plugin/journal/append-event.ts';
import { describeInvocation } from '#plugin/journal/describe-invocation.ts';
import { PLUGIN_VERSION } from '#plugin/version.ts';
import { classifyError } from './classify-error.ts';
import { isSupportedCniVersion, NEWEST_CNI_VERSION, SUPPORTED_CNI_VERSIONS } from './cni-version.ts';
import { DEFAULT_DEADLINE_MS, Deadline, readDeadlineMs } from './deadline.ts';
import { executeCommand } from './execute-command.ts';
import { readNodeContext } from './node-context.ts';
import { type InvocationEnvironment, looselyParseCniArgs, parseEnvironment } from './parse-environment.ts';
import { readStandardInput, writeWholly } from './standard-streams.ts';
import { StepSequence } from './step-sequence.ts';

const STDOUT = 1;
const STDERR = 2;

const VERBS: ReadonlySet<string> = new Set<CniVerb>(['ADD', 'DEL', 'CHECK', 'GC', 'STATUS', 'VERSION']);

/** STATUS and VERSION come at every reload of a configuration: only their failures are worth a line. */
const QUIET_VERBS: ReadonlySet<string> = new Set<CniVerb>(['STATUS', 'VERSION']);

/** An environment that is wrong is told at once: stdin is only wanted for the journal then. */
const UNUSED_INPUT_TIMEOUT_MS = 1000;

type Run = {
  readonly variables: Readonly<Record<string, string | undefined>>;
  readonly steps: StepSequence;
  readonly deadline: Deadline;
  input: string | undefined;
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
    steps: new StepSequence(nowUs, deadline),
    deadline,
    input: undefined,
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
    const environment = readRequest(run);
    const { input = '', variables, steps, deadline } = run;
    if (environment.command === 'VERSION') print(run, describeVersions(input));
    else
      executeCommand({ environment, input, variables, steps, deadline, startedAtMs }, (result) => print(run, result));
    return undefined;
  } catch (error) {
    const { code, message, details } = classifyError(error);
    const cniError = { code, msg: message, ...(details === undefined ? {} : { details }) };
    printError(run, cniError);
    return cniError;
  }
}

/** Environment and stdin. The journal gets what came on stdin even where the environment, or stdin itself, is wrong. */
function readRequest(run: Run): InvocationEnvironment {
  let environment: InvocationEnvironment;
  try {
    environment = parseEnvironment(run.variables);
  } catch (error) {
    const remainingMs = () => Math.min(UNUSED_INPUT_TIMEOUT_MS, run.deadline.remainingMs());
    run.input = readStandardInput({ remainingMs }).text;
    throw error;
  }
  const { text, failure } = readStandardInput(run.deadline);
  run.input = text;
  if (failure !== undefined) throw failure;
  return environment;
}

function print(run: Run, value: JsonObject): void {
  const text = `${JSON.stringify(value)}\n`;
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
    return String(statSync(path, { bigint: true }).ino);
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

function writeJournal(run: Run, { error, exitCode, startedAtMs, durationUs }: Outcome): void {
  const verb = run.variables.CNI_COMMAND ?? '';
  if (!VERBS.has(verb) || (error === undefined && QUIET_VERBS.has(verb))) return;
  try {
    const { node, stateDirectory } = readNodeContext(run.variables);
    const { variables, input, output, netnsId } = run;
    const event = describeInvocation(
      {
        verb: verb as CniVerb,
        variables,
        args: looselyParseCniArgs(variables.CNI_ARGS),
        input,
        output,
        netnsId,
        error,
        exitCode,
        steps: run.steps.steps,
        startedAtMs,
        durationUs,
      },
      { node, pluginVersion: PLUGIN_VERSION, random: crypto.getRandomValues(new Uint8Array(10)) },
    );
    appendEvent(stateDirectory, event);
  } catch (problem) {
    tellQuietly(
      run.deadline,
      `podwire: the journal was not written: ${problem instanceof Error ? problem.message : String(problem)}\n`,
    );
  }
}

function tellQuietly(deadline: Deadline, text: string): void {
  try {
    writeWholly(STDERR, text, deadline);
  } catch {
    // Without stderr there is nobody left to tell.
  }
}
