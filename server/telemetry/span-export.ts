import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import type { Logger } from 'pino';
import type { InvocationEvent } from '#model/cni/invocation-event.ts';
import { describeSpans } from './describe-spans.ts';

/** How many invocations became of what. */
export type SpanExportCounts = {
  readonly exported: number;
  /** The queue was full: who receives is slower than pods come and go. */
  readonly droppedQueueFull: number;
  /** Nobody took them, after the exporter's own retries. */
  readonly droppedExportFailed: number;
};

/** Invocations, each of which has about ten spans. */
const QUEUE_LIMIT = 2_000;
const BATCH_LIMIT = 100;
const PAUSE_MS = 1_000;

/**
 * Sends spans of invocations over OTLP (HTTP, JSON), to where OTEL_EXPORTER_OTLP_ENDPOINT and the variables beside it say; the
 * exporter reads them itself. Whoever adds waits for nothing: what does not fit into the queue is dropped whole, spans are
 * made when they are sent, and one request is under way at a time.
 */
export class SpanExport implements AsyncDisposable {
  readonly #exporter = new OTLPTraceExporter();
  readonly #log: Logger;
  readonly #resource;
  #queue: { readonly node: string; readonly event: InvocationEvent }[] = [];
  #counts = { exported: 0, droppedQueueFull: 0, droppedExportFailed: 0 };
  #timer: NodeJS.Timeout | undefined;
  #sending: Promise<void> | undefined;
  #isFailing = false;

  constructor({ log, version }: { readonly log: Logger; readonly version: string }) {
    this.#log = log;
    // The environment (OTEL_SERVICE_NAME, OTEL_RESOURCE_ATTRIBUTES) counts more.
    this.#resource = resourceFromAttributes({ 'service.name': 'podwire', 'service.version': version }).merge(
      detectResources({ detectors: [envDetector] }),
    );
  }

  get counts(): SpanExportCounts {
    return this.#counts;
  }

  add(node: string, events: readonly InvocationEvent[]): void {
    for (const event of events) {
      if (this.#queue.length >= QUEUE_LIMIT) this.#counts.droppedQueueFull += 1;
      else this.#queue.push({ node, event });
    }
    this.#schedule();
  }

  /** What waits is sent once more, and not for ever: the exporter gives up on its own (OTEL_EXPORTER_OTLP_TIMEOUT). */
  async [Symbol.asyncDispose](): Promise<void> {
    clearTimeout(this.#timer);
    await this.#sending;
    this.#isFailing = false;
    while (this.#queue.length > 0 && !this.#isFailing) await this.#send();
    await this.#exporter.shutdown();
  }

  #schedule(): void {
    if (this.#queue.length === 0 || this.#timer !== undefined || this.#sending !== undefined) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#sending = this.#send().finally(() => {
        this.#sending = undefined;
        this.#schedule();
      });
    }, PAUSE_MS).unref();
  }

  async #send(): Promise<void> {
    const batch = this.#queue.slice(0, BATCH_LIMIT);
    this.#queue = this.#queue.slice(BATCH_LIMIT);
    const spans = batch.flatMap(({ node, event }) => describeSpans({ node, event, resource: this.#resource }));
    const error = spans.length === 0 ? undefined : await this.#export(spans);
    this.#counts[error === undefined ? 'exported' : 'droppedExportFailed'] += batch.length;
    if (error !== undefined && !this.#isFailing) {
      this.#log.warn({ reason: error.message }, 'spans are not taken; the next ones are tried');
    }
    if (error === undefined && this.#isFailing) this.#log.info('spans are taken again');
    this.#isFailing = error !== undefined;
  }

  #export(spans: readonly ReadableSpan[]): Promise<Error | undefined> {
    return new Promise((resolve) => {
      this.#exporter.export([...spans], ({ code, error }) =>
        resolve(code === 0 ? undefined : (error ?? new Error('the exporter gave no reason'))),
      );
    });
  }
}
