/**
 * Options of the JavaScript engine that keep it from starting threads of its own while it runs. A thread started while
 * the main thread is inside a pod's namespace stays there and keeps the namespace alive after the pod is gone.
 */
const engineOptions = {
  BUN_JSC_useConcurrentJIT: '0',
  BUN_JSC_useConcurrentGC: '0',
  BUN_JSC_numberOfGCMarkers: '1',
} as const;

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Starts this very process anew, same pid, with the engine's helper threads switched off. The engine reads the options
 * only when it starts, so this is the one way to set them from inside. Does nothing where they are set.
 */
export function restartWithoutHelperThreads(env: Environment): void {
  if (Object.entries(engineOptions).every(([name, value]) => env[name] === value)) return;
  const [, script = '', ...rest] = process.argv;
  // A compiled executable names its own script inside itself; it must not be repeated.
  const args = script.startsWith('/$bunfs/') ? rest : [script, ...rest];
  process.execve?.(process.execPath, [process.execPath, ...args], { ...process.env, ...engineOptions });
}
