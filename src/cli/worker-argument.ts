/** The one argument of a worker: a process that `hawser run` has started to serve beside it. It is no command for people. */
export const WorkerArgument = "worker";
