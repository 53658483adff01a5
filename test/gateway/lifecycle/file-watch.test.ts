import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { FileWatch, type FileWatchOptions } from "../../../src/gateway/lifecycle/file-watch.ts";

const SettleMs = 40;
/** Files that were read when nothing was going to change them any more. */
const Now = Infinity;
/** So rare that only events can be meant. */
const Never = { settleMs: SettleMs, pollMs: 3_600_000, readSinceMs: Now };

/** A folder with `config` and `key`, each of them `old`. */
function folder(): { path: string; config: string; key: string } {
  const path = mkdtempSync(join(tmpdir(), "hawser-watch-"));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  const [config, key] = [join(path, "config"), join(path, "key")];
  writeFileSync(config, "old");
  writeFileSync(key, "old");
  return { path, config, key };
}

/** A mounted volume as Kubernetes makes it: `config` → `..data/config`, `..data` → a folder with the time in its name. */
function volume(): { config: string; exchange: () => void } {
  const { path } = folder();
  const mount = join(path, "mount");
  let version = 0;
  const exchange = (): void => {
    const name = `..2026_${++version}`;
    mkdirSync(join(mount, name), { recursive: true });
    writeFileSync(join(mount, name, "config"), "same");
    // The old and the new do not differ in what they hold, nor in when they were written.
    utimesSync(join(mount, name, "config"), 1, 1);
    symlinkSync(name, join(mount, "..data_tmp"));
    renameSync(join(mount, "..data_tmp"), join(mount, "..data"));
    rmSync(join(mount, `..2026_${version - 1}`), { recursive: true, force: true });
  };
  exchange();
  symlinkSync(join("..data", "config"), join(mount, "config"));
  return { config: join(mount, "config"), exchange };
}

class Watching {
  readonly watch: FileWatch;
  told = 0;
  #expected: { count: number; resolve: () => void } | undefined;

  constructor(files: readonly string[], options: FileWatchOptions) {
    this.watch = new FileWatch(
      files,
      () => {
        this.told += 1;
        if (this.told === this.#expected?.count) this.#expected.resolve();
      },
      options,
    );
    onTestFinished(() => this.watch.close());
  }

  /** Resolves when changes were told `count` times. */
  async until(count: number): Promise<void> {
    if (this.told >= count) return;
    await new Promise<void>((resolve) => (this.#expected = { count, resolve }));
  }
}

/** Resolves when a change in `file`, which nobody else watches, has been told: events before it have been told as well. */
async function othersAreTold(): Promise<void> {
  const { config } = folder();
  const other = new Watching([config], { ...Never, settleMs: 2 * SettleMs });
  writeFileSync(config, "new");
  await other.until(1);
}

describe("by events alone, one change is told of", () => {
  test.each<{ what: string; change: (files: ReturnType<typeof folder>) => void }>([
    { what: "a file written anew", change: ({ config }) => writeFileSync(config, "new!") },
    {
      what: "a file written in parts",
      change: ({ config }) => [1, 2, 3].forEach(() => appendFileSync(config, "more")),
    },
    { what: "two files", change: ({ config, key }) => [config, key].forEach((file) => writeFileSync(file, "new!")) },
    {
      what: "a file renamed over, as editors do",
      change: ({ config }) => {
        writeFileSync(`${config}.swp`, "new");
        renameSync(`${config}.swp`, config);
      },
    },
    {
      what: "a file removed and written",
      change: ({ config }) => {
        unlinkSync(config);
        writeFileSync(config, "new");
      },
    },
    { what: "a file that goes", change: ({ config }) => unlinkSync(config) },
  ])("$what", async ({ change }) => {
    const files = folder();
    const watching = new Watching([files.config, files.key], Never);
    change(files);
    await watching.until(1);
    await othersAreTold();
    expect(watching.told).toBe(1);
    // And it goes on.
    writeFileSync(files.config, "newer");
    await watching.until(2);
  });

  test("a volume whose link is exchanged, every time", async () => {
    const { config, exchange } = volume();
    const watching = new Watching([config], Never);
    for (let round = 1; round <= 3; round++) {
      exchange();
      await watching.until(round);
    }
    await othersAreTold();
    expect(watching.told).toBe(3);
  });

  test("a file that comes", async () => {
    const { path } = folder();
    const watching = new Watching([join(path, "late")], Never);
    writeFileSync(join(path, "late"), "here");
    await watching.until(1);
  });

  test("a link's target", async () => {
    const [target, links] = [folder(), folder()];
    const link = join(links.path, "link");
    symlinkSync(target.config, link);
    const watching = new Watching([link], Never);
    writeFileSync(target.config, "new");
    await watching.until(1);
  });
});

test("what happens to other files of the folder is not told", async () => {
  const { path, config } = folder();
  const watching = new Watching([config], { settleMs: 1, pollMs: 10, readSinceMs: Now });
  for (let i = 0; i < 20; i++) writeFileSync(join(path, `log-${i}`), "noise");
  await othersAreTold();
  expect(watching.told).toBe(0);
});

describe("by looking alone", () => {
  const poll = { settleMs: 1, pollMs: 10, readSinceMs: Now };

  test("a folder that was not there is found", async () => {
    const { path } = folder();
    const late = join(path, "late", "config");
    const watching = new Watching([late], poll);
    mkdirSync(join(path, "late"));
    writeFileSync(late, "here");
    await vi.waitFor(() => expect(watching.told).toBeGreaterThan(0), { timeout: 5_000 });
  });

  test("a link in the middle of the path is followed", async () => {
    const [one, two, links] = [folder(), folder(), folder()];
    const current = join(links.path, "deep", "current");
    mkdirSync(join(links.path, "deep"));
    symlinkSync(one.path, current);
    const watching = new Watching([join(current, "config")], poll);
    symlinkSync(two.path, `${current}_tmp`);
    renameSync(`${current}_tmp`, current);
    await watching.until(1);
    // By an event, in a folder that was not watched before.
    writeFileSync(two.config, "new");
    await watching.until(2);
  });
});

describe("what has changed since it was read, before it was watched, is told", () => {
  test("once, of a file written since then", async () => {
    const { config, key } = folder();
    const watching = new Watching([config, key], { ...Never, readSinceMs: Date.now() - 1_000 });
    await watching.until(1);
    await othersAreTold();
    expect(watching.told).toBe(1);
  });

  test("of a link exchanged since then for an older file", async () => {
    const [old, links] = [folder(), folder()];
    const link = join(links.path, "link");
    symlinkSync(old.config, link);
    const watching = new Watching([link], { ...Never, readSinceMs: Date.now() - 1 });
    await watching.until(1);
  });

  test("of a file that is named later", async () => {
    const { config, key } = folder();
    const watching = new Watching([config], Never);
    watching.watch.replace([config, key], Date.now() - 1_000);
    await watching.until(1);
  });

  test("but not what was older", async () => {
    const { config } = folder();
    const watching = new Watching([config], { ...Never, readSinceMs: Date.now() + 1_000 });
    await othersAreTold();
    expect(watching.told).toBe(0);
  });
});

describe("replace", () => {
  test("watches the new files and no longer the others", async () => {
    const [before, after] = [folder(), folder()];
    const watching = new Watching([before.config, before.key], Never);
    watching.watch.replace([before.key, after.config], Now);
    writeFileSync(before.config, "new");
    await othersAreTold();
    expect(watching.told).toBe(0);
    writeFileSync(after.config, "new");
    await watching.until(1);
    writeFileSync(before.key, "new");
    await watching.until(2);
  });

  test("loses no change that has come between what was told and it", async () => {
    const { config, key } = folder();
    const watching = new Watching([config], Never);
    writeFileSync(config, "new");
    watching.watch.replace([config, key], Now);
    await watching.until(1);
  });
});

test("close ends it, in the middle of a burst as well", async () => {
  const { config } = folder();
  const watching = new Watching([config], { settleMs: 1, pollMs: 10, readSinceMs: Now });
  writeFileSync(config, "new");
  watching.watch.close();
  watching.watch.replace([config], Now);
  watching.watch.close();
  writeFileSync(config, "newer");
  await othersAreTold();
  expect(watching.told).toBe(0);
});
