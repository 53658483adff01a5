// What runs inside a page while the gateway reloads. Each function is sent as text: it must not use anything that stands outside of it.

import type { PageClose } from "./in-page.ts";

/** Opens a WebSocket to each of `urls` and leaves them open, in this order. */
export async function openAll({ urls }: { urls: readonly string[] }): Promise<void> {
  const sockets = urls.map((url) => new WebSocket(url));
  const closes = sockets.map(
    (socket) =>
      new Promise<PageClose>((resolve) => {
        socket.addEventListener("close", ({ code, reason, wasClean }) => resolve({ code, reason, wasClean }));
      }),
  );
  Object.assign(globalThis, { opened: { sockets, closes } });
  await Promise.all(
    sockets.map(
      (socket) =>
        new Promise((resolve, reject) => {
          socket.addEventListener("open", resolve);
          socket.addEventListener("error", () => reject(new Error("not opened")));
        }),
    ),
  );
}

/** Sends a message of its own on each of the WebSockets that are still open, and returns what comes back of each. */
export async function echoOnAll({ text }: { text: string }): Promise<readonly string[]> {
  const { opened } = globalThis as unknown as { opened: { sockets: readonly WebSocket[] } };
  const echoOf = (socket: WebSocket, number: number): Promise<string> =>
    new Promise((resolve) => {
      if (socket.readyState !== WebSocket.OPEN) return resolve("closed");
      socket.addEventListener("message", ({ data }) => resolve(String(data)), { once: true });
      socket.addEventListener("close", ({ code }) => resolve(`closed with ${code}`), { once: true });
      return socket.send(`${text} ${number}`);
    });
  return await Promise.all(opened.sockets.map(echoOf));
}

/** Waits for the WebSocket number `number` to close. */
export async function closeOf({ number }: { number: number }): Promise<PageClose> {
  const { opened } = globalThis as unknown as { opened: { closes: readonly Promise<PageClose>[] } };
  const close = await opened.closes[number];
  if (close === undefined) throw new Error("no such WebSocket");
  return close;
}

/** How a new WebSocket to `url` ends, which the page closes with 1000 if it opens. */
export async function tryOpening({ url }: { url: string }): Promise<number> {
  const socket = new WebSocket(url);
  socket.addEventListener("open", () => socket.close(1000));
  return await new Promise((resolve) => socket.addEventListener("close", ({ code }) => resolve(code)));
}
