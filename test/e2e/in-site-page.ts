// What runs inside the page of a generated site. Each function is sent as text: it must not use anything that stands outside of it.

/** What a page has of its files. */
export interface PageFiles {
  readonly scripts: number;
  readonly styles: number;
  readonly images: number;
  /** What is missing or wrong. */
  readonly faults: readonly string[];
  /** By which the page and its files came, as `h2`, each once. */
  readonly protocols: readonly string[];
}

/** Looks at everything the page has loaded. */
export async function filesOfPage(): Promise<PageFiles> {
  interface Element {
    readonly src: string;
    readonly naturalWidth: number;
    readonly naturalHeight: number;
    readonly dataset: Readonly<Record<string, string>>;
    decode(): Promise<void>;
  }
  interface Canvas {
    getContext(kind: "2d"): {
      drawImage(image: Element, x: number, y: number): void;
      getImageData(x: number, y: number, width: number, height: number): { readonly data: Uint8Array<ArrayBuffer> };
    };
  }
  const { document, getComputedStyle, OffscreenCanvas, ran, performance } = globalThis as unknown as {
    document: { querySelectorAll(selector: string): Iterable<Element>; readonly documentElement: object };
    getComputedStyle(element: object): { getPropertyValue(name: string): string };
    OffscreenCanvas: new (width: number, height: number) => Canvas;
    ran: readonly number[];
    performance: { getEntries(): { readonly nextHopProtocol?: string; readonly name: string }[] };
  };
  const faults: string[] = [];
  let images = 0;
  for (const image of document.querySelectorAll("img")) {
    await image.decode().catch(() => undefined);
    const [width, height] = [Math.max(1, image.naturalWidth), Math.max(1, image.naturalHeight)];
    const context = new OffscreenCanvas(width, height).getContext("2d");
    context.drawImage(image, 0, 0);
    const { data } = context.getImageData(0, 0, width, height);
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", data));
    const hex = Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
    const blank = data.filter((byte, at) => at % 4 === 3 && byte === 0).length;
    if (hex === image.dataset["pixels"]) images += 1;
    else faults.push(`${image.src}: ${width} × ${height}, ${blank} pixels blank`);
  }
  // A browser takes nothing from a style or a script whose checksum is another.
  const style = getComputedStyle(document.documentElement);
  const count = [...document.querySelectorAll("link[rel=stylesheet]")].length;
  const numbers = Array.from({ length: count }, (_, number) => number);
  const unstyled = numbers.filter((number) => style.getPropertyValue(`--style-${number}`) === "");
  const unrun = numbers.filter((number) => !ran.includes(number));
  faults.push(...unstyled.map((number) => `style ${number}`), ...unrun.map((number) => `script ${number}`));
  const files = performance.getEntries().filter((entry) => /\/(?:$|(?:script|style|image)-)/.test(entry.name));
  const protocols = [...new Set(files.map(({ nextHopProtocol = "" }) => nextHopProtocol))];
  return { scripts: count - unrun.length, styles: count - unstyled.length, images, faults, protocols };
}

/** Opens an event stream and a WebSocket, and leaves them open. Returns the first event and an echo. */
export async function openBeside(urls: { events: string; socket: string }): Promise<{ event: string; echo: string }> {
  const events = new EventSource(urls.events);
  const heard: string[] = [];
  const told = new EventTarget();
  events.addEventListener("message", ({ data }) => {
    heard.push(String(data));
    told.dispatchEvent(new Event("heard"));
  });
  events.addEventListener("error", () => heard.push("error"));
  if (heard.length === 0) await new Promise((resolve) => told.addEventListener("heard", resolve, { once: true }));
  const socket = new WebSocket(urls.socket);
  await new Promise((resolve) => socket.addEventListener("open", resolve));
  const echo = new Promise<string>((resolve) => {
    socket.addEventListener("message", ({ data }) => resolve(String(data)), { once: true });
  });
  socket.send("hello");
  Object.assign(globalThis, { beside: { events, heard, told, socket } });
  return { event: heard.join(), echo: await echo };
}

/** Waits until the event stream of `openBeside` has told `event`, has its WebSocket echo once more, and ends both. */
export async function leaveBeside({ event }: { event: string }): Promise<{ heard: string[]; echo: string }> {
  const { events, heard, told, socket } = (
    globalThis as unknown as {
      beside: { events: EventSource; heard: string[]; told: EventTarget; socket: WebSocket };
    }
  ).beside;
  while (!heard.includes(event)) {
    await new Promise((resolve) => told.addEventListener("heard", resolve, { once: true }));
  }
  const echo = new Promise<string>((resolve) => {
    socket.addEventListener("message", ({ data }) => resolve(String(data)), { once: true });
  });
  socket.send("still here");
  const last = await echo;
  events.close();
  const closed = new Promise((resolve) => socket.addEventListener("close", resolve));
  socket.close(1000);
  await closed;
  return { heard, echo: last };
}
