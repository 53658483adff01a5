/** What an HTTP/2 client can do so much of that it loses its connection: each is in its rights, and of use to nobody. */
export const ConnectionAbuses = [
  "rapid-reset", // it resets streams that it has just opened
  "made-you-reset", // it breaks the rules of streams, so that we reset them
  "stream-limit", // it opens more streams than it may
  "header-bytes", // its fields are too large, again and again or by far
  "continuation", // a header block in too many frames
  "empty-data", // DATA frames of nothing, or of padding
  "tiny-data", // DATA frames of a few bytes
  "settings",
  "ping",
  "window-update",
  "priority",
  "other-frames", // of unknown types, or on streams that are over
  "unread-answers", // it asks, and does not read what it is told
  "zero-window", // it asks, and does not let the answers come
] as const;
export type ConnectionAbuse = (typeof ConnectionAbuses)[number];
