/** The HTTP status of a failed request to the API server, however the client tells it; `undefined` for a failure below HTTP. */
export function statusOf(error: unknown): number | undefined {
  const { code, statusCode } = (error ?? {}) as { readonly code?: unknown; readonly statusCode?: unknown };
  return [statusCode, code].find((each) => typeof each === 'number');
}

/** One line for a person; fetch hides the reason below `cause`, the API server's own words are in the body. */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause instanceof Error ? error.cause.message : undefined;
  const status = statusOf(error);
  const first = error.message.split('\n')[0] ?? error.message;
  const said = readMessage((error as { body?: unknown }).body);
  const words = said ?? (first.startsWith('HTTP-Code:') ? undefined : first);
  return [status === undefined ? undefined : `HTTP ${status}`, words, cause].filter(Boolean).join(': ');
}

/** `message` of a Kubernetes Status, as an object or as its text. */
function readMessage(body: unknown): string | undefined {
  const status = typeof body === 'string' ? parseJson(body) : body;
  const message = (status as { message?: unknown } | null | undefined)?.message;
  return typeof message === 'string' && message !== '' ? message : undefined;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
