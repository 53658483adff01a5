import { utf8 } from "./building.ts";

/** What the messages of group 12 and 13 are cut from: of the kinds that Autobahn has, made here from a seed. */
export interface PayloadData {
  readonly title: string;
  readonly opcode: number;
  /** Messages of `length` characters of text, or octets, by their index: the data over and over, without a gap. */
  cut(length: number): (index: number) => Uint8Array;
}

/** Numbers from 0 to below `limit`, the same for the same seed (the generator is mulberry32). */
function seeded(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  };
}

const Words = (
  "der die das und nicht ein eine ist von zu mit auf für sich als auch an werden aus er hat daß sie nach wird bei noch " +
  "wie einem über so zum war haben nur oder aber vor zur bis mehr durch man sein wurde Geist Welt Herz Licht Nacht Tür"
).split(" ");

function words(random: (limit: number) => number, count: number): string {
  return Array.from({ length: count }, () => Words[random(random(2) === 0 ? 12 : Words.length)]).join(" ");
}

function prose(seed: number, length: number): string {
  const random = seeded(seed);
  let text = "";
  while (text.length < length) text += `${words(random, 4 + random(9))}${random(3) === 0 ? ".\r\n" : ", "}`;
  return text;
}

function json(): string {
  const random = seeded(12_1);
  const records = Array.from({ length: 1_000 }, (_, id) => ({
    id,
    guid: random(0xffff_ffff).toString(16),
    isActive: random(2) === 0,
    balance: `€${random(4_000)}.${random(90) + 10}`,
    name: { first: Words[random(Words.length)], last: Words[random(Words.length)] },
    about: words(random, 12),
    tags: [Words[random(Words.length)], Words[random(Words.length)]],
  }));
  return JSON.stringify(records, undefined, 2);
}

function html(): string {
  const random = seeded(12_4);
  let text = '<!DOCTYPE html>\n<html lang="de">\n<head><meta charset="utf-8"><title>Geist</title></head>\n<body>\n';
  for (let section = 0; text.length < 263_000; section++) {
    const anchor = `<a class="entry" href="/section/${section}?page=${random(1_000)}">${words(random, 2)}</a>`;
    text += `<div id="section-${section}" class="row">\n  <h2>${anchor}</h2>\n  <p>${words(random, 30)}</p>\n</div>\n`;
  }
  return `${text}</body>\n</html>\n`;
}

/** 512 × 512 pixels in 8 bits of grey: slopes with a grain. */
function bitmap(): Uint8Array {
  const random = seeded(12_2);
  const side = 512;
  const header = Uint8Array.from({ length: 1_078 }, (_, index) => (index < 54 ? random(256) : (index - 54) >> 2));
  const pixels = Uint8Array.from({ length: side * side }, (_, index) => {
    const x = index % side;
    const y = Math.floor(index / side);
    return 128 + Math.round(60 * Math.sin(x / 40) + 50 * Math.cos(y / 57)) + random(7);
  });
  return Buffer.concat([header, pixels]);
}

/** Text in between, but mostly what is compressed already. */
function document(): Uint8Array {
  const random = seeded(12_5);
  const parts = Array.from({ length: 120 }, (_, id) => [
    utf8(`${id} 0 obj\n<< /Length 8000 /Filter /FlateDecode >>\nstream\n`),
    Uint8Array.from({ length: 8_000 }, () => random(256)),
    utf8(`\nendstream\nendobj\n${words(random, 40)}\n`),
  ]);
  return Buffer.concat([utf8(words(random, 700)), ...parts.flat()]);
}

function textData(title: string, make: () => string): PayloadData {
  return {
    title,
    opcode: 0x1,
    cut(length) {
      const data = make();
      return (index) => {
        const start = (index * length) % data.length;
        const end = start + length;
        return utf8(data.slice(start, end) + data.slice(0, Math.max(0, end - data.length)));
      };
    },
  };
}

function binaryData(title: string, make: () => Uint8Array): PayloadData {
  return {
    title,
    opcode: 0x2,
    cut(length) {
      const data = make();
      return (index) => {
        const start = (index * length) % data.length;
        const end = start + length;
        return Buffer.concat([data.subarray(start, end), data.subarray(0, Math.max(0, end - data.length))]);
      };
    },
  };
}

/** The kinds of 12.1 to 12.5. */
export const JsonData = textData("JSON", json);
export const PayloadKinds: readonly PayloadData[] = [
  JsonData,
  binaryData("a bitmap", bitmap),
  binaryData("German prose", () => utf8(prose(12_3, 222_000))),
  textData("HTML", html),
  binaryData("a document", document),
];
