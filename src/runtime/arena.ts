/** A scratch tensor's size and the first and last dispatch that uses it. */
export interface Lifetime {
  readonly bytes: number;
  readonly first: number;
  readonly last: number;
}

/**
 * Assigns scratch tensors to shared buffers ("slots") so that no two tensors alive at the same dispatch share one.
 *
 * The largest tensor goes first, each into the first slot that is free for its whole life; a slot is as large as its
 * first (largest) tensor. WebGPU forbids binding one buffer both for reading and for writing in one dispatch, even at
 * disjoint ranges, so slots are buffers of their own rather than ranges of one.
 *
 * @returns for each tensor its slot, and for each slot its size in bytes.
 */
export function assignSlots(lifetimes: readonly Lifetime[]): { slotOf: number[]; slotBytes: number[] } {
  const slots: { bytes: number; tenants: Lifetime[] }[] = [];
  const slotOf = new Array<number>(lifetimes.length).fill(-1);
  const largestFirst = [...lifetimes.entries()].sort(([, a], [, b]) => b.bytes - a.bytes);
  for (const [index, life] of largestFirst) {
    let slot = slots.findIndex(({ tenants }) =>
      tenants.every((other) => other.last < life.first || life.last < other.first),
    );
    if (slot < 0) slot = slots.push({ bytes: life.bytes, tenants: [] }) - 1;
    slots[slot]?.tenants.push(life);
    slotOf[index] = slot;
  }
  return { slotOf, slotBytes: slots.map(({ bytes }) => bytes) };
}
