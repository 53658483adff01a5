import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { testCertificate } from "../support/certificates.ts";
import { Behaviours, Endings, type Behaviour } from "./behaviours.ts";
import { Refused, type ClientLibrary, type End, type RunningServer, type ServerLibrary } from "./end.ts";

/** One suite for all pairs of libraries: each behaviour that `client` and `server` are able to, begun by either. */
export function describeLink(client: ClientLibrary, server: ServerLibrary): void {
  describe(`${client.name} and ${server.name}`, () => {
    let running: RunningServer;
    let ca: string;

    beforeAll(async () => {
      const identity = await testCertificate();
      ca = identity.certificate;
      running = await server.start(identity);
    });

    afterAll(async () => {
      await client.stop?.();
      await running?.stop();
    });

    const open = (subprotocols: readonly string[] = []): Promise<[client: End, server: End]> =>
      Promise.all([client.open({ url: `${running.url}/`, subprotocols, ca }), running.next()]);

    describe.each([
      { side: "client", can: client, sort: ([from, to]: [End, End]) => [from, to] as const },
      { side: "server", can: server, sort: ([to, from]: [End, End]) => [from, to] as const },
    ])("by the $side:", ({ can, sort }) => {
      const isAble = ({ needs }: Behaviour): boolean => needs === undefined || can[needs];

      test.each(Behaviours.filter(isAble))("$name", async ({ offers, run }) => {
        const [from, to] = sort(await open(offers));
        await run(from, to, can);
        from.close(1000);
        await Promise.all([from.closed, to.closed]);
      });

      test.each(Endings.filter(isAble))("$name", async ({ offers, run }) => {
        const [from, to] = sort(await open(offers));
        await run(from, to, can);
      });
    });

    test("the HTTP version is the one it should be, and permessage-deflate has context takeover", async () => {
      const ends = await open();
      const version = client.httpVersion ?? server.httpVersion;
      const deflate = client.compresses && server.compresses ? /^permessage-deflate(?!.*no_context_takeover)/ : /^$/;
      for (const { httpVersion = version, extensions } of ends) {
        expect(httpVersion).toBe(version);
        expect(extensions).toMatch(deflate);
      }
      ends[0].close(1000);
      await ends[1].closed;
    });

    test.each([401, 403, 503])("what is refused with %i does not open", async (status) => {
      const opening = client.open({ url: `${running.url}/refuse/${status}`, subprotocols: [], ca });
      await expect(opening).rejects.toEqual(new Refused(client.tellsStatus ? status : undefined));
    });
  });
}
