// What runs inside a browser's page. Each function is sent as text: it must not use anything that stands outside of it.

/** How a WebSocket ended, as its `close` event tells. */
export interface PageClose {
  readonly code: number;
  readonly reason: string;
  readonly wasClean: boolean;
}

/** The protocol by which the page itself came, as `h2`. */
export async function protocolOfPage(): Promise<string> {
  const entries = performance.getEntries() as unknown as { entryType: string; nextHopProtocol: string }[];
  return entries.find((entry) => entry.entryType === "navigation")?.nextHopProtocol ?? "";
}

/** Opens `count` WebSockets and leaves them open; each has sent its number and got it back, or is in `failures`. */
export async function openMany({ url, count }: { url: string; count: number }): Promise<{ failures: string[] }> {
  const failures: string[] = [];
  const openOne = (number: number): Promise<WebSocket> =>
    new Promise((resolve) => {
      const socket = new WebSocket(url);
      socket.addEventListener("open", () => socket.send(`number ${number}`));
      socket.addEventListener("message", ({ data }) => {
        if (data !== `number ${number}`) failures.push(`${number}: echo is ${String(data)}`);
        resolve(socket);
      });
      socket.addEventListener("close", ({ code }) => {
        failures.push(`${number}: closed with ${code}`);
        resolve(socket);
      });
    });
  const sockets = await Promise.all(Array.from({ length: count }, (_, number) => openOne(number)));
  Object.assign(globalThis, { kept: sockets });
  return { failures };
}

/**
 * Opens `count` WebSockets, a few at a time, closes them all, and opens as many again as soon as the page has seen them
 * closed, `times` times over. Returns what went wrong.
 */
export async function reopenMany(wish: { url: string; count: number; times: number }): Promise<{ failures: string[] }> {
  const failures: string[] = [];
  const openOne = (): Promise<WebSocket> =>
    new Promise((resolve) => {
      const socket = new WebSocket(wish.url);
      socket.addEventListener("open", () => resolve(socket));
      socket.addEventListener("close", ({ code, wasClean }) => {
        if (!wasClean || code !== 1000) failures.push(`closed with ${code}`);
        resolve(socket);
      });
    });
  const closeOne = (socket: WebSocket): Promise<unknown> =>
    new Promise((resolve) => {
      if (socket.readyState === WebSocket.CLOSED) resolve(undefined);
      socket.addEventListener("close", resolve);
      socket.close(1000);
    });
  for (let time = 0; time <= wish.times; time++) {
    const sockets: WebSocket[] = [];
    const lane = async (): Promise<void> => {
      while (sockets.length < wish.count) sockets.push(await openOne());
    };
    // Chromium delays openings once a dozen of them wait.
    await Promise.all(Array.from({ length: 6 }, lane));
    await Promise.all(sockets.map(closeOne));
  }
  return { failures };
}

/** Waits for the WebSockets that `openMany` left open to close, and tells how each did. */
export async function closesOfMany(): Promise<PageClose[]> {
  const { kept } = globalThis as unknown as { kept: WebSocket[] };
  const closeOf = (socket: WebSocket): Promise<PageClose> =>
    new Promise((resolve) => {
      socket.addEventListener("close", ({ code, reason, wasClean }) => resolve({ code, reason, wasClean }));
    });
  return Promise.all(kept.map(closeOf));
}

/** A message to be echoed: text that repeats itself, or bytes that do not compress. */
export interface PageMessage {
  readonly type: "text" | "binary";
  readonly length: number;
}

/**
 * Opens a WebSocket, sends each message after the echo of the one before, and closes it, or waits for the other side to
 * if `close` is absent.
 */
export async function converse(script: {
  url: string;
  subprotocols?: string[];
  messages?: PageMessage[];
  close?: { code?: number; reason?: string };
}): Promise<{ protocol: string; extensions: string; echoes: string[]; close: PageClose }> {
  const socket = new WebSocket(script.url, script.subprotocols ?? []);
  socket.binaryType = "arraybuffer";
  const closed = new Promise<PageClose>((resolve) => {
    socket.addEventListener("close", ({ code, reason, wasClean }) => resolve({ code, reason, wasClean }));
  });
  const echoes: string[] = [];
  const converseAll = async (): Promise<void> => {
    await new Promise((resolve) => socket.addEventListener("open", resolve));
    for (const { type, length } of script.messages ?? []) {
      const bytes = new Uint8Array(length);
      for (let at = 0; at < length; at += 65_536) crypto.getRandomValues(bytes.subarray(at, at + 65_536));
      const sent = type === "text" ? "grüße ".repeat(length / 6) : bytes;
      const echo = new Promise<unknown>((resolve) => {
        socket.addEventListener("message", ({ data }) => resolve(data), { once: true });
      });
      socket.send(sent);
      const data = await echo;
      const isSame =
        typeof sent === "string"
          ? data === sent
          : data instanceof ArrayBuffer && new Uint8Array(data).every((byte, at) => byte === sent[at]);
      echoes.push(isSame ? "same" : "different");
    }
    if (script.close !== undefined) socket.close(script.close.code, script.close.reason);
  };
  const close = await Promise.race([closed, converseAll().then(() => closed)]);
  return { protocol: socket.protocol, extensions: socket.extensions, echoes, close };
}

/**
 * Opens a WebSocket, sends `count` numbered messages without waiting, and closes it when as many have come; returns those
 * that are not `number: text` in their order.
 */
export async function exchangeMany(wish: { url: string; count: number; text: string }): Promise<string[]> {
  const socket = new WebSocket(wish.url);
  const wrong: string[] = [];
  let came = 0;
  await new Promise((resolve) => {
    socket.addEventListener("open", () => {
      for (let number = 0; number < wish.count; number++) socket.send(`${number}: ${wish.text}`);
    });
    socket.addEventListener("message", ({ data }) => {
      if (data !== `${came}: ${wish.text}`) wrong.push(String(data));
      came += 1;
      if (came === wish.count) socket.close(1000);
    });
    socket.addEventListener("close", resolve);
  });
  return came === wish.count ? wrong : [...wrong, `${came} came`];
}
