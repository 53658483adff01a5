/** Every limit that somebody can run into, as `hawser_limits_hit_total` and the README name it. */
export const LimitKinds = [
  "connections",
  "connections_per_address",
  "streams",
  "streams_per_connection",
  "streams_per_address",
  "streams_per_route",
  "opening_rate",
  "header_size",
  "descriptors",
  "ports",
  "upstream_waiting",
  "message_bytes",
  "frame_bytes",
  "fragments",
  "control_frames",
  "buffered_bytes",
  "idle",
  "age",
  "write_stall",
  "close_deadline",
] as const;
export type LimitKind = (typeof LimitKinds)[number];
