/** A function as the value of an `on…` attribute. */
export type EventHandler<This, Occurrence extends Event> =
  // As a method, since those of all events share one store.
  { handle(this: This, event: Occurrence): unknown }["handle"];

/**
 * The `on…` attributes of an event target (HTML Standard §8.1.8.1). A handler is called in the place that the first one had
 * among the listeners, until it is set to `null`.
 */
export class EventHandlerAttributes<Target> {
  readonly #target: Target & EventTarget;
  readonly #handlers = new Map<string, EventHandler<Target, Event>>();
  readonly #listener = (event: Event): void => {
    this.#handlers.get(event.type)?.call(this.#target, event);
  };

  constructor(target: Target & EventTarget) {
    this.#target = target;
  }

  /** The handler of events `type`, or `null`. */
  get(type: string): EventHandler<Target, Event> | null {
    return this.#handlers.get(type) ?? null;
  }

  /** Sets the handler of events `type`. What is not a function counts as `null`. */
  set(type: string, handler: EventHandler<Target, Event> | null): void {
    if (typeof handler === "function") {
      this.#handlers.set(type, handler);
      // Adding what is there already leaves it in its place.
      this.#target.addEventListener(type, this.#listener);
    } else {
      this.#handlers.delete(type);
      this.#target.removeEventListener(type, this.#listener);
    }
  }
}
