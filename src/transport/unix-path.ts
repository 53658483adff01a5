import { connect } from "node:net";

/**
 * `error`, met when binding the unix socket `path`. For EADDRINUSE it says more: whether somebody listens there, or else a
 * file is left, and what to do. The file is not deleted here: it may be another's.
 */
export async function explainedPathError(path: string, error: unknown): Promise<unknown> {
  if (!(error instanceof Error) || !("code" in error) || error.code !== "EADDRINUSE") return error;
  const cure = (await isAnswered(path))
    ? "another process listens there: stop it, or choose another path"
    : "nobody listens there: if a process that has ended left the file, delete it";
  return Object.assign(new Error(`cannot listen on ${path}: ${cure}`, { cause: error }), { code: error.code });
}

/** Whether a connection to `path` is accepted; where the queue is full, somebody is there too. */
async function isAnswered(path: string): Promise<boolean> {
  const socket = connect({ path });
  const answered = await new Promise<boolean>((resolve) => {
    socket.once("connect", () => resolve(true));
    socket.once("error", (error: NodeJS.ErrnoException) => resolve(error.code === "EAGAIN"));
  });
  socket.destroy();
  return answered;
}
