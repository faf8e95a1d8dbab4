/** Numbers from 0 up to, not including, `below`; the same for the same seed (mulberry32). */
export type Random = (below: number) => number;

export function randomFrom(seed: number): Random {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let x = Math.imul(state ^ (state >>> 15), state | 1);
    x ^= x + Math.imul(x ^ (x >>> 7), x | 61);
    return Math.floor((((x ^ (x >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

export function pick<T>(random: Random, list: readonly T[]): T {
  return list[random(list.length)]!;
}

const limits = [
  0n,
  1n,
  2n,
  0x7fn,
  0xffn,
  0x7fffn,
  0xffffn,
  0x7fffffffn,
  0xfffffff0n,
  0xffffffffn,
  2n ** 40n,
  2n ** 63n,
];

/**
 * A file that is a little wrong: one to eight bytes or stretches changed, moved, repeated, left out or taken from
 * another file, or numbers put in that are at the limits of their kind.
 */
export function mutate(
  file: Uint8Array,
  others: readonly Uint8Array[],
  random: Random,
): Uint8Array<ArrayBuffer> {
  let bytes = new Uint8Array(file);
  for (let changes = 1 + random(pick(random, [1, 2, 8])); changes > 0; changes--) {
    const at = random(bytes.length + 1);
    const length = random(pick(random, [2, 8, 64, bytes.length + 1]));
    const end = Math.min(at + length, bytes.length);
    switch (random(9)) {
      case 0:
        if (at < bytes.length) bytes[at]! ^= 1 << random(8);
        break;
      case 1:
        if (at < bytes.length) bytes[at] = random(256);
        break;
      case 2:
        bytes = splice(
          bytes,
          at,
          at,
          Uint8Array.from({ length: Math.min(length, 64) }, () => random(256)),
        );
        break;
      case 3:
        bytes = splice(bytes, at, end, new Uint8Array());
        break;
      case 4:
        bytes = splice(bytes, at, at, bytes.subarray(at, Math.min(end, at + 512)));
        break;
      case 5:
        bytes = bytes.slice(0, at);
        break;
      case 6: {
        const size = pick(random, [1, 2, 4, 8]);
        const number = new DataView(new ArrayBuffer(8));
        number.setBigUint64(0, pick(random, limits), random(4) > 0);
        const from = at + size <= bytes.length ? at : 0;
        bytes.set(new Uint8Array(number.buffer, 0, size).subarray(0, bytes.length - from), from);
        break;
      }
      case 7: {
        const other = pick(random, others);
        const from = random(other.length + 1);
        bytes = splice(bytes, at, end, other.subarray(from, from + length));
        break;
      }
      default: {
        const to = random(bytes.length + 1);
        bytes.copyWithin(to, at, end);
      }
    }
  }
  return bytes;
}

function splice(bytes: Uint8Array, from: number, to: number, middle: Uint8Array): Uint8Array<ArrayBuffer> {
  const result = new Uint8Array(from + middle.length + bytes.length - to);
  result.set(bytes.subarray(0, from));
  result.set(middle, from);
  result.set(bytes.subarray(to), from + middle.length);
  return result;
}

/** JSON with one to three of its values, at any depth, replaced by values of other kinds and sizes, or left out. */
export function mutateJson(json: unknown, random: Random): unknown {
  const copy = { root: structuredClone(json) };
  for (let changes = 1 + random(3); changes > 0; changes--) {
    let parent = copy as Record<string, unknown>;
    let key = 'root';
    while (typeof parent[key] === 'object' && parent[key] !== null && random(4) > 0) {
      const keys = Object.keys(parent[key] as object);
      if (keys.length === 0) break;
      parent = parent[key] as Record<string, unknown>;
      key = pick(random, keys);
    }
    const kind = random(6);
    if (kind === 0) delete parent[key];
    else if (kind === 1) parent[pick(random, ['__proto__', 'x', 'config', '64', '\u009b2J'])] = parent[key];
    else parent[key] = oddValue(random);
  }
  return copy.root;
}

function oddValue(random: Random): unknown {
  const numbers = [0, -0, -1, 1, 0.5, 7, 1e9, 2 ** 31, 2 ** 53, 1e308, -1e308, 5e-324];
  const texts = ['', 'x', '64', '__proto__', 'group', '\n\u001b[31m', 'é'.repeat(3000)];
  return pick<() => unknown>(random, [
    () => pick(random, numbers),
    () => random(100),
    () => pick(random, [null, true, false]),
    () => pick(random, texts),
    () => [],
    () => ({}),
    () => Array.from({ length: random(100) }, () => random(10)),
    () => Object.fromEntries(Array.from({ length: random(50) }, (_, i) => [String(i), i])),
    () => nested(pick(random, [3, 50, 1000]), random),
  ])();
}

function nested(depth: number, random: Random): unknown {
  let value: unknown = 1;
  for (let i = 0; i < depth; i++) value = random(2) ? [value] : { config: value };
  return value;
}
