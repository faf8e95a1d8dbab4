/**
 * Cards of the estimate, by the name that --family takes. A SIMD has `lanes`; `lds`: bytes a cycle for one SIMD when
 * all that share the memory of a workgroup read; `bandwidth` to DRAM, bytes a second; caches before it are not counted.
 */
export const cards = {
  rdna2: {
    vendor: 'amd',
    title: 'RDNA2, RX 6900 XT',
    family: 'navi21',
    generation: 10,
    lanes: 32,
    lds: 64,
    simds: 160,
    clock: 2.25e9,
    bandwidth: 512e9,
  },
  rdna3: {
    vendor: 'amd',
    title: 'RDNA3, RX 7900 XTX',
    family: 'navi31',
    generation: 11,
    lanes: 32,
    lds: 64,
    simds: 192,
    clock: 2.5e9,
    bandwidth: 960e9,
  },
  gcn: {
    vendor: 'amd',
    title: 'GCN5, RX Vega 64',
    family: 'vega10',
    generation: 9,
    lanes: 16,
    lds: 32,
    simds: 256,
    clock: 1.5e9,
    bandwidth: 484e9,
  },
  nvidia: {
    vendor: 'nvidia',
    title: 'Ada, RTX 4090',
    family: 'sm_89',
    lanes: 32,
    lds: 32,
    groups: 24,
    simds: 512,
    clock: 2.52e9,
    bandwidth: 1008e9,
  },
};

/** Multiply-adds that a SIMD can make in a cycle; RDNA3 issues two at once. */
export const fmasPerCycle = ({ lanes, generation }) => lanes * (generation === 11 ? 2 : 1);
