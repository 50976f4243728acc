/** Makes a switch over a tagged union exhaustive: a new tag becomes a type error here. */
export function assertNever(value: never): never {
  throw new Error(`unexpected variant: ${JSON.stringify(value)}`);
}
