import type { TouchedNamespaces } from './kernel-notifications.ts';
import { KernelState } from './kernel-state.ts';

/** Readings one after the other: one that a command asks for must not be overwritten by an older one that ends later. */
export class SerialKernelState extends KernelState {
  #last: Promise<void> = Promise.resolve();

  override readEverything(): Promise<void> {
    return this.#enqueue(() => super.readEverything());
  }

  override readTouched(touched: TouchedNamespaces): Promise<void> {
    return this.#enqueue(() => super.readTouched(touched));
  }

  #enqueue(read: () => Promise<void>): Promise<void> {
    const reading = this.#last.then(read);
    this.#last = reading.catch(() => undefined);
    return reading;
  }
}
