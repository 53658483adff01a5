import { describe } from "vitest";
import { describeOpening } from "../contract/opening.ts";
import type { Access } from "../support/listening.ts";
import { AttachedUnderTest, type NodeServerKind, type OwnerAnswer } from "../support/node-servers.ts";
import { connectH1Client, connectH2Client } from "../support/opening-client.ts";

const answer: OwnerAnswer = (_request, response) => void response.end("the owner's");

describe.each<{ kind: NodeServerKind; httpVersion: "1.1" | "2"; access: Access }>([
  { kind: "node:http", httpVersion: "1.1", access: "cleartext" },
  { kind: "node:https", httpVersion: "1.1", access: "TLS" },
  { kind: "allowHTTP1", httpVersion: "1.1", access: "TLS" },
  { kind: "node:http2", httpVersion: "2", access: "cleartext" },
  { kind: "node:http2 over TLS", httpVersion: "2", access: "TLS" },
  { kind: "allowHTTP1", httpVersion: "2", access: "TLS" },
])("attached to $kind, over HTTP/$httpVersion", ({ kind, httpVersion, access }) => {
  const connectClient = httpVersion === "2" ? connectH2Client : connectH1Client;
  for (const owner of [undefined, answer]) {
    describeOpening(`an opening ${owner === undefined ? "without" : "with"} a 'request' listener of the owner's`, {
      access,
      httpVersion,
      connectClient,
      listen: (deadlines) => AttachedUnderTest.to(kind, { deadlines }, owner),
    });
  }
});
