import { describe, expect, test } from "vitest";
import { Session } from "../../../../src/gateway/admin/console/session.ts";

/** What a tab keeps. */
class TabStorage implements Storage {
  readonly kept = new Map<string, string>();
  readonly [name: string]: unknown;

  get length(): number {
    return this.kept.size;
  }
  clear(): void {
    this.kept.clear();
  }
  getItem(key: string): string | null {
    return this.kept.get(key) ?? null;
  }
  key(): string | null {
    return null;
  }
  removeItem(key: string): void {
    this.kept.delete(key);
  }
  setItem(key: string, value: string): void {
    this.kept.set(key, value);
  }
}

describe("a session", () => {
  test.each([
    { credentials: { kind: "token", token: "abc" } as const, authorization: "Bearer abc" },
    {
      credentials: { kind: "password", user: "öl", password: "p:ä" } as const,
      authorization: `Basic ${Buffer.from("öl:p:ä").toString("base64")}`,
    },
  ])("signs in as $authorization, and keeps that in memory alone", ({ credentials, authorization }) => {
    const storage = new TabStorage();
    const session = new Session(storage);
    session.signIn(credentials, { keep: false });
    expect(session.authorization).toBe(authorization);
    expect(storage.length).toBe(0);
    expect(new Session(storage).authorization).toBeUndefined();
  });

  test("is that of the tab where somebody wants it, until it is signed out of", () => {
    const storage = new TabStorage();
    const session = new Session(storage);
    session.signIn({ kind: "token", token: "abc" }, { keep: true });
    expect(new Session(storage).authorization).toBe("Bearer abc");
    session.signOut();
    expect(session.demand.value).toBe("wanted");
    expect(storage.length).toBe(0);
  });

  test("forgets what was refused, and says so", () => {
    const storage = new TabStorage();
    const session = new Session(storage);
    session.refuse(undefined);
    expect(session.demand.value).toBe("wanted");
    session.signIn({ kind: "token", token: "wrong" }, { keep: true });
    expect(session.demand.value).toBe("none");
    session.refuse("Bearer wrong");
    session.refuse(undefined);
    expect(session.demand.value).toBe("refused");
    expect(session.authorization).toBeUndefined();
    expect(storage.length).toBe(0);
  });

  test("stays where an answer to earlier credentials comes late", () => {
    const session = new Session(new TabStorage());
    session.signIn({ kind: "token", token: "right" }, { keep: false });
    session.refuse(undefined);
    session.refuse("Bearer wrong");
    expect(session.authorization).toBe("Bearer right");
    expect(session.demand.value).toBe("none");
  });
});
