// ONNX Runtime Web by the same estimate: its WebGPU provider runs the compared operators in Chromium; its kernels and
// grids are recorded, and nothing is computed. The vendor that the page claims to have chooses among its kernels.
import { chromium } from 'playwright-core';
import { openWeights } from '../../dist/node/index.js';
import { whyNoPeers } from '../peers/main.mjs';
import { serveRepository } from '../peers/server.mjs';
import { fileURLToPath } from 'node:url';
import { cards } from './cards.mjs';
import { estimate } from './estimate.mjs';
import { comparedCases } from './launches.mjs';
import { recordOperator, watchWebGpu } from './peer-page.mjs';
import { toSpirv } from './spirv.mjs';

export { whyNoPeers };

const root = fileURLToPath(new URL('../../', import.meta.url));
const claims = {
  amd: { vendor: 'amd', architecture: 'rdna-3', device: '', description: '' },
  nvidia: { vendor: 'nvidia', architecture: 'lovelace', device: '', description: '' },
};
const browserOptions = {
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: [
    '--no-sandbox',
    '--enable-unsafe-webgpu',
    '--enable-features=Vulkan',
    '--use-webgpu-adapter=swiftshader',
    '--use-vulkan=swiftshader',
  ],
};

/** @returns { modules, launches: [{ one: case, variant, module, workgroups, flops }] }. */
async function recordPeer(cases, claim) {
  const server = await serveRepository(root);
  const browser = await chromium.launch(browserOptions);
  try {
    const page = await browser.newPage();
    page.setDefaultTimeout(0);
    await page.goto(server.address);
    await page.evaluate(watchWebGpu, claim);
    const modules = {};
    const nameOf = (module) => {
      const same = JSON.stringify(module);
      const known = Object.keys(modules).find((name) => JSON.stringify(modules[name]) === same);
      if (known === undefined) modules[`ort ${Object.keys(modules).length}`] = module;
      return known ?? Object.keys(modules).at(-1);
    };
    const launches = [];
    for (const one of cases) {
      for (const { variant, flops, dispatches } of await page.evaluate(recordOperator, one)) {
        for (const { workgroups, ...module } of dispatches) {
          launches.push({ one, variant, module: nameOf(module), workgroups, flops });
        }
      }
    }
    return { modules, launches };
  } finally {
    await browser.close();
    await server.stop();
  }
}

/**
 * Loops of its kernels: products in panels of shared memory (`depth` deep), and the transposed convolution of four
 * positions.
 */
function rulesOf(code, { op, inputs }) {
  const depth = Number(/const tileInner = (\d+)/.exec(code)?.[1] ?? 0);
  const taps = op === 'matmul' ? 1 : 9;
  if (depth > 0) {
    return (f, loop) => {
      if (loop.depth === 1 && f.fmaInside && f.load) return (taps * inputs) / depth;
      return f.fma ? (depth * 16) / f.fma : 1;
    };
  }
  if (code.includes('dyCorner')) return (f, loop) => (loop.depth < 3 ? 1.5 : inputs / (f.fma >= 16 ? 4 : 1));
}

function estimateLaunch({ one, module, workgroups, flops }, modules, index, machineCode, card) {
  const { threads } = index.find(({ name }) => name === module);
  const { code, constants } = modules[module];
  const rule = rulesOf(code, one);
  const { op, inputs, outputs, size = 0, rows } = one;
  const elements =
    op === 'matmul'
      ? rows * inputs + rows * outputs + inputs * outputs
      : inputs * size ** 2 + outputs * (op === 'up' ? 2 * size + 1 : size) ** 2 + 9 * inputs * outputs;
  // What is no product transposes: each invocation reads and writes an element.
  const moved = 8 * workgroups.reduce((a, b) => a * b, 1) * threads;
  const launch = {
    params: {},
    workgroups,
    flops: rule ? flops : 0,
    bytes: rule ? 4 * elements : moved,
  };
  // Gemm with a transposed B reads it across banks: 64 passes instead of 8 for half of what it reads.
  const ldsFactor = code.includes('mm_Bsub[tileCol * innerElementSize][k]') ? (4 * 8 + 4 * 64) / (8 * 8) : 1;
  return estimate(machineCode.get(module), card, launch, { kernel: 'ort', code, constants }, threads, {
    rule: rule ?? (() => 1),
    ldsFactor,
  });
}

/**
 * @param folder for files, of its own.
 * @returns by family and case: { us, as }, the fastest of its variants.
 */
export async function estimatePeers(families, folder, compile) {
  const { model, close } = await openWeights(`${root}golden/full`);
  await close();
  const cases = comparedCases(model);
  const result = {};
  for (const vendor of new Set(families.map((family) => cards[family].vendor))) {
    const { modules, launches } = await recordPeer(cases, claims[vendor]);
    const index = toSpirv(modules, folder);
    for (const family of families.filter((name) => cards[name].vendor === vendor)) {
      const machineCode = compile(index, family, folder);
      result[family] = {};
      for (const { name } of cases) {
        const mine = launches.filter(({ one }) => one.name === name);
        const variants = [...new Set(mine.map(({ variant }) => variant))].map((variant) => {
          const parts = mine
            .filter((launch) => launch.variant === variant)
            .map((launch) => estimateLaunch(launch, modules, index, machineCode, cards[family]));
          const doubts = parts.flatMap((part) => part.doubts);
          if (doubts.length) console.error(`${family}, ${name}, ${variant}: ${doubts.join('; ')}`);
          return { as: variant, us: Number((1e6 * parts.reduce((s, p) => s + p.seconds, 0)).toPrecision(4)) };
        });
        result[family][name] = variants.sort((a, b) => a.us - b.us)[0];
      }
    }
  }
  return result;
}
