import type { ServerResponse } from "node:http";
import { CloseCode, isSendable } from "../../protocol/close-code.ts";
import type { StreamQuery, StreamsSource } from "../telemetry/stream-view.ts";
import { json, plain, type AdminAnswer, type StreamedAnswer } from "./admin-answer.ts";
import type { AdminRequest, Endpoint } from "./admin-endpoint.ts";
import type { EventStreams } from "./event-streams.ts";
import { readFlag, readStreamQuery } from "./stream-query.ts";
import { writeLines } from "./written-lines.ts";

const Ndjson = "application/x-ndjson";
const NoRoom = "as many look on already as may: sixteen; end one of them";

/** What can be asked about live streams: lists of them, one, its frames, its end, and the news. */
export function streamEndpoints(streams: StreamsSource, events: EventStreams): Endpoint[] {
  const audience = "operators";
  return [
    { form: "/streams", audience, methods: { GET: (request) => list(request, streams) } },
    {
      form: "/streams/ID",
      audience,
      methods: {
        GET: async (_, id) => {
          const stream = await streams.find(Number(id));
          return stream === undefined ? noStream(id) : json(stream);
        },
        DELETE: (request, id) => close(request, id, streams),
      },
    },
    { form: "/streams/ID/frames", audience, methods: { GET: (request, id) => frames(request, id, streams, events) } },
    { form: "/events", audience, methods: { GET: () => news(streams, events) } },
  ];
}

function noStream(id: string): AdminAnswer {
  return plain(404, `there is no stream ${id}, or no longer; GET /streams has those that are open`);
}

async function list({ query, fields }: AdminRequest, streams: StreamsSource): Promise<AdminAnswer> {
  const asked = readStreamQuery(query);
  if (!asked.ok) return plain(400, asked.complaint);
  const format = asked.format ?? (fields.accept?.includes(Ndjson) === true ? "ndjson" : "json");
  if (format === "json") return json(await streams.list(asked.query));
  return { kind: "streamed", type: Ndjson, write: (response) => writeLines(response, linesOf(streams, asked.query)) };
}

async function* linesOf(streams: StreamsSource, query: StreamQuery): AsyncGenerator<string> {
  for await (const some of streams.each(query)) yield some.map((stream) => `${JSON.stringify(stream)}\n`).join("");
}

async function close({ query }: AdminRequest, id: string, streams: StreamsSource): Promise<AdminAnswer> {
  const others = [...query.keys()].filter((name) => name !== "code");
  if (others.length > 0) return plain(400, "known here is code, the code of the Close");
  const written = query.get("code") ?? String(CloseCode.GoingAway);
  const code = /^\d{4}$/.test(written) ? Number(written) : 0;
  if (!isSendable(code)) {
    return plain(422, "code is one that a Close may carry: 1000 to 1003, 1007 to 1014, 3000 to 4999 (RFC 6455 §7.4)");
  }
  const isThere = await streams.close(Number(id), code);
  return isThere ? plain(202, `closing stream ${id} with ${code}`) : noStream(id);
}

async function frames(
  { query }: AdminRequest,
  id: string,
  streams: StreamsSource,
  events: EventStreams,
): Promise<AdminAnswer> {
  const preview = readFlag(query, "preview");
  if (!preview.ok) return plain(400, preview.complaint);
  if ((await streams.find(Number(id))) === undefined) return noStream(id);
  return eventAnswer(events, async (response) => {
    let isOver = false;
    let unsubscribe: (() => void) | undefined;
    const out = events.open(response, () => {
      isOver = true;
      unsubscribe?.();
    });
    const endAll = (): void => {
      out.send("end", { at: Date.now() });
      out.end();
    };
    unsubscribe = await streams.frames(
      Number(id),
      { preview: preview.value },
      (frame) => out.send("frame", frame),
      endAll,
    );
    if (unsubscribe === undefined) endAll();
    // Who asked may have left while a worker was told of it.
    else if (isOver) unsubscribe();
  });
}

function news(streams: StreamsSource, events: EventStreams): AdminAnswer {
  return eventAnswer(events, (response) => {
    let unsubscribe: (() => void) | undefined;
    const out = events.open(response, () => unsubscribe?.());
    unsubscribe = streams.events((event) => out.send(event.type, event));
  });
}

function eventAnswer(events: EventStreams, write: (response: ServerResponse) => Promise<void> | void): StreamedAnswer {
  const tryRefusal = () => (events.hasRoom ? undefined : plain(503, NoRoom, { "retry-after": "10" }));
  return { kind: "streamed", type: "text/event-stream", tryRefusal, write };
}
