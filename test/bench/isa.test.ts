import { describe, expect, test } from 'vitest';
import { costOf } from '../../bench/isa/amd-cost.mjs';
import { readAssembly } from '../../bench/isa/amd.mjs';
import { loopsOf, predecessorsOf, waveCost } from '../../bench/isa/loops.mjs';

// A loop over tiles around a loop of two multiply-adds, as RADV prints machine code.
const blocks = readAssembly(`==== Assembly
BB0:
  s_mov_b32 s0, 0 ; b0000000
BB1:
  buffer_load_dword v1, v0, s[4:7], 0 offen
  s_waitcnt vmcnt(0)
  ds_write_b32 v2, v1
  s_barrier
BB2:
  ds_read_b32 v3, v2
  s_waitcnt lgkmcnt(0)
  v_fmac_f32_e32 v4, v3, v3
  v_fmac_f32_e32 v4, v3, v3
  s_cbranch_scc1 BB2
BB3:
  s_cbranch_scc1 BB1
BB4:
  s_endpgm
`);
const rdna2 = { generation: 10, lanes: 32, lds: 64 };

describe('the estimate of machine code', () => {
  test('finds loops, what they are told by, and what comes before each block', () => {
    const loops = loopsOf(blocks);
    expect(loops.map(({ first, last, depth }) => [first, last, depth])).toEqual([
      [1, 3, 1],
      [2, 2, 2],
    ]);
    expect(loops[0]!.features).toMatchObject({ load: 1, ldsWrite: 1, barrier: 1, fma: 0, fmaInside: 2 });
    expect(loops[1]!.features).toMatchObject({ ldsRead: 1, fma: 2, load: 0 });
    expect(predecessorsOf(blocks)).toEqual([[], [0], [1], [2], [3]]);
  });

  test('counts each loop as often as it runs inside the others', () => {
    const { fma, use } = waveCost(
      blocks,
      (block, before) => costOf(rdna2, 64, block, before),
      (loop) => (loop.depth === 1 ? 5 : 16),
    );
    expect(fma).toBe(5 * 16 * 2);
    // Two cycles each, 64 lanes on 32: the multiply-adds alone keep the VALU.
    expect(use['valu']).toBe(5 * 16 * 2 * 2);
    // 64 lanes of four bytes at 64 bytes a cycle: a write a tile and a read a step.
    expect(use['lds']).toBe(5 * 4 + 5 * 16 * 4);
  });

  test('lets loads that are under way together be waited for once', () => {
    const load = (register: number) => `  buffer_load_dword v${register}, v0, s[4:7], 0 offen\n`;
    const wait = '  s_waitcnt vmcnt(0)\n';
    const [together] = readAssembly(`==== Assembly\nBB0:\n${load(1)}${load(2)}${wait}`);
    const [apart] = readAssembly(`==== Assembly\nBB0:\n${load(1)}${wait}${load(2)}${wait}`);
    const [one, two] = [together!, apart!].map((block) => costOf(rdna2, 64, block).latency);
    expect(two! - one!).toBeGreaterThan(300);
    expect(two! / one!).toBeLessThan(2);
  });

  test('waits in a later block for what an earlier one has loaded', () => {
    const [first, second] = readAssembly(
      '==== Assembly\nBB0:\n  buffer_load_dword v1, v0, s[4:7], 0 offen\nBB1:\n  s_waitcnt vmcnt(0)\n',
    );
    const { end, latency } = costOf(rdna2, 64, first!);
    expect(latency).toBe(1);
    expect(costOf(rdna2, 64, second!, [end]).latency).toBeGreaterThan(300);
    expect(costOf(rdna2, 64, second!).latency).toBe(0);
  });
});
