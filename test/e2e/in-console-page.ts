// What runs inside a browser's page. Each function is sent as text: it must not use anything that stands outside of it.

/** Opens `count` WebSockets that stay open, under a name by which the others find them. */
export async function openNamed({ url, name, count }: { url: string; name: string; count: number }): Promise<void> {
  const open = (): Promise<WebSocket> =>
    new Promise((resolve, reject) => {
      const socket = new WebSocket(url);
      socket.addEventListener("open", () => resolve(socket));
      socket.addEventListener("error", () => reject(new Error("it did not open")));
      const kept = socket as WebSocket & { ended?: Promise<number> };
      kept.ended = new Promise((ended) => socket.addEventListener("close", ({ code }) => ended(code)));
    });
  const sockets = await Promise.all(Array.from({ length: count }, open));
  Object.assign(globalThis, { [name]: sockets });
}

/** Sends `text` on each of the WebSockets with a name. */
export async function sayOnAll({ name, text }: { name: string; text: string }): Promise<void> {
  const sockets = (globalThis as unknown as Record<string, WebSocket[]>)[name] ?? [];
  for (const socket of sockets) socket.send(text);
}

/** The code with which the first of them to end was closed. */
export async function firstEnd({ name }: { name: string }): Promise<number> {
  const sockets = (globalThis as unknown as Record<string, { ended: Promise<number> }[]>)[name] ?? [];
  return Promise.race(sockets.map(({ ended }) => ended));
}
