import { expect, test, vi } from "vitest";
import type { H2ClientOwner, OpenH2Client } from "../../src/transport/h2-client.ts";
import { ClientEngines, dialerFor } from "../support/client-dialing.ts";
import { h2Origin } from "../support/h2-origin.ts";

test.each(["node", "hawser"] as const)(
  "SETTINGS that come when the connection was given up say nothing of the server: %s",
  async (engine) => {
    const held: (() => void)[] = [];
    let holds = true;
    const openClient: OpenH2Client = (standing, options, owner) => {
      const late: H2ClientOwner = {
        onSettings: (client) => void (holds ? held.push(() => owner.onSettings(client)) : owner.onSettings(client)),
        onRoom: () => owner.onRoom(),
        onLeaving: (client) => owner.onLeaving(client),
        onClosed: (client) => owner.onClosed(client),
      };
      return ClientEngines[engine](standing, options, late);
    };
    const origin = await h2Origin({ access: "TLS", allowHTTP1: true });
    const { dial, open, dialer } = dialerFor(origin.address, "auto", { openClient });
    const leaving = new AbortController();
    const left = dial({ signal: leaving.signal });
    await vi.waitFor(() => expect(held).toHaveLength(1));
    leaving.abort();
    expect((await left).type).toBe("aborted");
    held[0]?.();
    expect(dialer.isUnused).toBe(true);
    holds = false;
    expect((await open()).httpVersion).toBe("2");
  },
);
