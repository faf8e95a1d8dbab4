// Our kernels beside ONNX Runtime Web's, operator by operator, in one page on one adapter:
//   npm install --no-save onnxruntime-web && npm run build
//   node bench/peers/main.mjs [--sizes tiny|demo|full] [--adapter swiftshader|auto] [--only conv,matmul] [--budget 3] [--json FILE]
// or, in one run with everything else, npm run bench -- --peers
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { chromium } from 'playwright-core';
import { openWeights } from '../../dist/node/index.js';
import { printTable } from '../table.mjs';
import { casesOf } from './cases.mjs';
import { serveRepository } from './server.mjs';

const root = fileURLToPath(new URL('../../', import.meta.url));
const installed = `${root}node_modules/onnxruntime-web/package.json`;
const paths = { tiny: 'golden/tiny', demo: 'weights/demo', full: 'golden/full' };

/** The largest relative L2 difference between two implementations of the same operator in float32. */
const tolerance = 1e-3;

const chromiumPath = process.env.CHROMIUM ?? '/usr/bin/chromium';
const adapterOptions = {
  swiftshader: ['--use-webgpu-adapter=swiftshader', '--use-vulkan=swiftshader'],
  auto: ['--ignore-gpu-blocklist', '--use-angle=vulkan', '--disable-vulkan-surface'],
};

/** Why the peers cannot be measured here, in one line; undefined if they can. */
export function whyNoPeers() {
  if (!existsSync(installed)) {
    return 'ONNX Runtime Web is not installed: npm install --no-save onnxruntime-web';
  }
  return existsSync(chromiumPath)
    ? undefined
    : `no Chromium at ${chromiumPath}: install it or set CHROMIUM to its path`;
}

const geometricMean = (values) => Math.exp(values.reduce((sum, v) => sum + Math.log(v), 0) / values.length);

/**
 * Measures, prints a table and a summary.
 *
 * @param options `sizes`; `adapter`, swiftshader or anything else for what Chromium prefers; `only`, operators;
 *   `budget`, seconds for each implementation of each operator; `builds` of ONNX Runtime, webgpu and jsep, of which the
 *   faster counts: with both it takes twice as long.
 * @returns what was measured, for JSON.
 */
export async function measurePeers({ sizes, adapter = 'auto', only, budget = 3, builds = ['webgpu'] }) {
  const { model, close } = await openWeights(`${root}${paths[sizes]}`);
  await close();
  const cases = casesOf(model).filter(({ op }) => only === undefined || only.includes(op));
  const { version } = JSON.parse(readFileSync(installed, 'utf8'));
  const server = await serveRepository(root);
  const browser = await chromium.launch({
    executablePath: chromiumPath,
    args: [
      '--no-sandbox',
      '--enable-unsafe-webgpu',
      '--enable-features=Vulkan',
      ...(adapterOptions[adapter] ?? adapterOptions.auto),
    ],
  });
  try {
    const page = await browser.newPage();
    page.setDefaultTimeout(0);
    page.on('console', (message) => {
      if (message.type() === 'error') console.error(`page: ${message.text()}`);
    });
    await page.goto(server.address);
    const opened = await page.evaluate(
      async (builds) => (await import('/bench/peers/page.mjs')).open(builds),
      builds,
    );
    const { ceilings } = opened;
    console.log(`ONNX Runtime Web ${version} in Chromium ${browser.version()} on ${opened.adapter}, ${sizes} sizes
in the page: multiply-adds ${(ceilings.f32 / 1e9).toFixed(1)} GFLOP/s in f32, copying ${(ceilings.bytes / 1e9).toFixed(1)} GB/s; ${opened.threads} WASM threads\n`);
    const results = [];
    for (const one of cases) {
      const figures = await page.evaluate(
        async (given) => (await import('/bench/peers/page.mjs')).measure(...given),
        [one, 1000 * budget, tolerance],
      );
      const bound = 1000 * Math.max(figures.flops / ceilings.f32, figures.bytes / ceilings.bytes);
      results.push({ ...one, ...figures, ofCeiling: bound / figures.ours });
      process.stderr.write(
        `${one.name}: ours ${figures.ours.toFixed(1)} ms, ONNX ${figures.webgpu.toFixed(1)} ms (${figures.as})\n`,
      );
    }
    return summary({ ...opened, version, sizes, results });
  } finally {
    await browser.close();
    await server.stop();
  }
}

const namesOf = (results) => results.map(({ name }) => name).join('; ');

function meansOf(counted) {
  const mean = (key) => geometricMean(counted.map((r) => r[key] / r.ours));
  const [least] = counted.toSorted((a, b) => a.webgpu / a.ours - b.webgpu / b.ours);
  const means = {
    operators: counted.length,
    webgpu: mean('webgpu'),
    least: { name: least.name, webgpu: least.webgpu / least.ours },
    wasm: mean('wasm'),
    ofCeiling: geometricMean(counted.map((r) => r.ofCeiling)),
  };
  console.log(`Over ${counted.length} convolutions of the decoder and matrix products of the transformer, geometric means:
${means.webgpu.toFixed(2)} times as fast as ONNX Runtime Web on WebGPU (least: ${means.least.webgpu.toFixed(2)}, ${least.name}); ${means.wasm.toFixed(2)} times its WASM; ${(100 * means.ofCeiling).toFixed(0)} % of the ceiling\n`);
  return means;
}

/** Prints what was measured and says so with an exit status if our results are wrong. */
function summary(measured) {
  const { results } = measured;
  const rate = (flops, milliseconds) => (flops ? flops / milliseconds / 1e6 : '–');
  printTable(
    'ms a run, GFLOP/s, times as fast as theirs; the ceiling is the one measured in the page',
    results.map((r) => ({
      group: r.group,
      operator: r.name,
      GFLOP: r.flops / 1e9,
      'ours, ms': r.ours,
      'WebGPU, ms': r.webgpu,
      as: r.as,
      'WASM, ms': r.wasm,
      ours: rate(r.flops, r.ours),
      WebGPU: rate(r.flops, r.webgpu),
      WASM: rate(r.flops, r.wasm),
      'of ceiling': r.ofCeiling,
      '× WebGPU': r.webgpu / r.ours,
      '× WASM': r.wasm / r.ours,
      'our difference': r.difference.toExponential(1),
      theirs: r.peerDifference.toExponential(1),
    })),
  );
  const wrongPeers = results.filter((r) => r.wrong.length);
  const counted = results.filter((r) => ['decoder', 'fmt'].includes(r.group) && r.peerDifference < tolerance);
  const means = counted.length ? meansOf(counted) : undefined;
  for (const { name, wrong } of wrongPeers) {
    console.log(`ONNX Runtime's WebGPU result is not its WASM one's: ${name}, ${wrong.join(', ')}`);
  }
  const uneven = results.filter(({ oursTimed, webgpuTimed }) => webgpuTimed === 1 && oursTimed > 1);
  if (uneven.length) {
    console.log(
      `Timed once on their side and more often on ours, so that other work on the machine weighs on theirs: ${namesOf(uneven)}\n`,
    );
  }
  const wrong = results.filter(({ difference }) => !(difference < tolerance));
  if (wrong.length) {
    console.error(`our result is not ONNX Runtime's (WASM) within ${tolerance}: ${namesOf(wrong)}`);
    process.exitCode = 1;
  }
  return { ...measured, means };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values: flags } = parseArgs({
    options: {
      sizes: { type: 'string', default: 'demo' },
      adapter: { type: 'string', default: 'auto' },
      only: { type: 'string' },
      budget: { type: 'string', default: '3' },
      builds: { type: 'string', default: 'webgpu' },
      json: { type: 'string' },
    },
  });
  const reason =
    whyNoPeers() ??
    (flags.sizes in paths ? undefined : `--sizes: expected tiny, demo or full, got ${flags.sizes}`);
  if (reason) {
    console.error(reason);
    process.exit(2);
  }
  const { sizes, adapter } = flags;
  const measured = await measurePeers({
    sizes,
    adapter,
    builds: flags.builds.split(','),
    only: flags.only?.split(','),
    budget: Number(flags.budget),
  });
  if (flags.json) writeFileSync(flags.json, `${JSON.stringify(measured, null, 1)}\n`);
}
