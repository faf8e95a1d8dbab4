import { fmasPerCycle } from './cards.mjs';
import { waveCost } from './loops.mjs';
import { tripsFor } from './trips.mjs';

/**
 * The estimate of a launch: all its waves spread evenly over the SIMDs, a SIMD works on `occupancy` of them at once,
 * and what binds is the busiest unit, or the time that one wave alone takes, or DRAM.
 *
 * @param made machine code of compileAmd or compileNvidia.
 * @param launch { params, workgroups, flops, bytes }
 * @param module { kernel, constants }
 * @param options `rule` see tripsFor; `lds`, factor on the time that workgroup memory is kept, for conflicts of banks.
 * @returns { seconds, bound, waves, latency, share: of the card's peak of multiply-adds, doubts }.
 */
export function estimate(made, card, launch, module, threads, { rule, ldsFactor = 1 } = {}) {
  const { wave, occupancy, blocks, costOf, lds } = made;
  const unknown = new Set();
  const cost = waveCost(blocks, costOf, tripsFor({ ...module, ...launch, threads, lds, rule }, unknown));
  const waves = launch.workgroups.reduce((a, b) => a * b, 1) * Math.ceil(threads / wave);
  const each = Math.ceil(waves / card.simds);
  const bounds = {
    valu: each * cost.use.valu,
    lds: each * cost.use.lds * ldsFactor,
    vmem: each * cost.use.vmem,
    latency: cost.latency * Math.max(1, each / occupancy),
    dram: (launch.bytes / card.bandwidth) * card.clock,
  };
  const [[unit, cycles]] = Object.entries(bounds).sort((a, b) => b[1] - a[1]);
  const seconds = cycles / card.clock;
  const peak = 2 * card.simds * fmasPerCycle(card) * card.clock;
  const share = launch.flops / seconds / peak;
  // Multiply-adds that each lane has to make. Edges of tiles and epilogues make more; hardly fewer, for the first of a
  // sum may be a multiplication. (A blur is counted as 16 taps an output and made as 4 + 4.)
  const needed = launch.flops / 2 / waves / wave;
  const counted = cost.fma / needed;
  const wrong = needed > 16 && counted < 0.85 && module.kernel !== 'upfirdn2d';
  if (wrong) unknown.add(`only ${counted.toFixed(2)} of the multiply-adds found`);
  if (share > 1) unknown.add('above peak');
  return {
    seconds,
    bound: unit === 'latency' && each < occupancy ? `latency, ${each} waves` : unit,
    waves,
    latency: cost.latency,
    share,
    doubts: [...unknown],
  };
}
