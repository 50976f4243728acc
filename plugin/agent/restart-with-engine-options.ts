/**
 * Options of the JavaScript engine that keep it from starting threads of its own while it runs. A thread started while
 * the main thread is inside a pod's namespace stays there and keeps the namespace alive after the pod is gone.
 */
const threadOptions = {
  BUN_JSC_useConcurrentJIT: '0',
  BUN_JSC_useConcurrentGC: '0',
  BUN_JSC_numberOfGCMarkers: '1',
  // Touches pages of the heap in advance, ends after 10 s of quiet and is started anew.
  BUN_JSC_useWarmUpMarkedBlocks: '0',
} as const;

/**
 * Options for a process that sleeps nearly always and does the same few things whenever it wakes. The usual ones collect
 * garbage and give memory back after each wake, and drop compiled code that rested for some seconds.
 */
const idleOptions = {
  /** The runtime's own look at the heap, once a second. */
  BUN_GC_TIMER_DISABLE: '1',
  /** Share of a core for collections that a timer starts. Those that are due because much was allocated come all the same. */
  BUN_JSC_collectionTimerMaxPercentCPU: '0.0005',
  /** Garbage up to this share of what lives is waited for; the usual is 2. At 0.8 nothing is cheaper, and storms of pods take 30 MB more. */
  BUN_JSC_heapGrowthMaxIncrease: '0.4',
  /** Memory that is free for so long (ms) goes back to the kernel: the next full reading finds it where it was. */
  MIMALLOC_PURGE_DELAY: '30000',
  MIMALLOC_PURGE_HOLES_MIN_INTERVAL: '30000',
  /** Code that was compiled stays: what runs every 30 s would be compiled every 30 s. */
  BUN_JSC_optimizedCodeAgingQuietAllocationMB: '0',
  BUN_JSC_codeBlockAgingLeaseMultiplier: '1000',
  /** The last stage of compilation takes 30 MB while it works, and gains nothing here. */
  BUN_JSC_useFTLJIT: '0',
} as const;

const engineOptions = { ...threadOptions, ...idleOptions };

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Starts this very process anew, same pid, with the engine set up for an agent. The engine reads the options only when it
 * starts, so this is the one way to set them from inside. Does nothing where they are set.
 */
export function restartWithEngineOptions(env: Environment): void {
  if (Object.entries(engineOptions).every(([name, value]) => env[name] === value)) return;
  const [, script = '', ...rest] = process.argv;
  // A compiled executable names its own script inside itself; it must not be repeated.
  const args = script.startsWith('/$bunfs/') ? rest : [script, ...rest];
  process.execve?.(process.execPath, [process.execPath, ...args], { ...process.env, ...engineOptions });
}
