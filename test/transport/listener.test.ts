import { describe, expect, test } from "vitest";
import { listenFor, readToEnd, readUntil, upgradeRequest, type Access } from "../support/listening.ts";
import { connectFields, headersFrame, rawFrame, FrameType, Flag } from "../support/raw-h2.ts";

const Accesses: readonly Access[] = ["TLS", "cleartext"];

describe.each(Accesses)("%s", (access) => {
  test("h1 opening", async () => {
    const l = await listenFor(access);
    const c = await l.connect();
    c.write(upgradeRequest());
    const opening = await l.nextOpening();
    const stream = opening.accept({});
    stream.start({
      onBytes: (b, s, e) => stream.write(b, s, e, "kept"),
      onDrain() {},
      onEnd: () => stream.end(),
      onClose() {},
    });
    expect(await readUntil(c, "\r\n\r\n")).toContain("101");
    c.write("hello");
    expect(await readUntil(c, "hello")).toBe("hello");
    c.end();
    expect(await readToEnd(c)).toBe("");
    await l.untilNoConnections();
  });
  test("h2 opening", async () => {
    const l = await listenFor(access);
    const c = await l.connectH2();
    c.send(headersFrame(1, connectFields("/x", access === "TLS" ? "https" : "http")));
    const opening = await l.nextOpening();
    const stream = opening.accept({});
    stream.start({
      onBytes: (b, s, e) => stream.write(b, s, e, "kept"),
      onDrain() {},
      onEnd: () => stream.end(),
      onClose() {},
    });
    expect(await c.status(1)).toBe(200);
    c.send(rawFrame(FrameType.Data, Flag.None, 1, Buffer.from("hello")));
    await c.until("echo", () => c.framesOf(FrameType.Data, 1).length > 0);
    expect(c.framesOf(FrameType.Data, 1)[0]?.payload.toString()).toBe("hello");
    c.send(rawFrame(FrameType.Data, Flag.EndStream, 1));
    await c.until("end", () => c.framesOf(FrameType.Data, 1).length > 1);
    await c.close();
    await l.untilNoConnections();
  });
});
