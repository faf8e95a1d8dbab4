import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { builtinModules } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { build, type Rollup } from 'vite';
import { version } from '../src/base/version.js';
import { makeFolders } from '../src/node/make-folders.js';

const run = promisify(execFile);
const root = fileURLToPath(new URL('..', import.meta.url));

interface PackageJson {
  readonly version: string;
  readonly bin: Readonly<Record<string, string>>;
  readonly exports: Readonly<Record<string, string | Readonly<Record<string, string>>>>;
  readonly dependencies: Readonly<Record<string, string>>;
}
const json = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as PackageJson;

const example = readFileSync(join(root, 'examples/browser/main.ts'), 'utf8');

/** A program elsewhere that has installed the package as it would be published, and what the package needs. */
let consumer: string;
let installed: string;
let files: readonly string[];

beforeAll(async () => {
  consumer = await mkdtemp(join(tmpdir(), 'float-consumer-'));
  const modules = join(consumer, 'node_modules');
  installed = join(modules, 'float-webgpu');
  await makeFolders(installed);
  await run('npm', ['pack', '--ignore-scripts', '--pack-destination', consumer], { cwd: root });
  const archive = join(consumer, `float-webgpu-${json.version}.tgz`);
  await run('tar', ['-xzf', archive, '-C', installed, '--strip-components=1']);
  await rm(archive);
  for (const name of Object.keys(json.dependencies)) {
    const link = join(modules, name);
    await makeFolders(join(link, '..'));
    await symlink(join(root, 'node_modules', name), link);
  }
  await writeFile(join(consumer, 'package.json'), '{ "type": "module" }');
  const entries = await readdir(installed, { recursive: true, withFileTypes: true });
  files = entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name).slice(installed.length + 1));
});
afterAll(() => rm(consumer, { recursive: true, force: true }));

describe('the package', () => {
  it('states the same version in code and in package.json', () => {
    expect(version).toBe(json.version);
  });

  it('holds the program, its kernels, the demo model and the papers, and nothing else', () => {
    const expected = [
      /^dist\/[\w./-]+(\.js|\.d\.ts)$/,
      /^shaders\/((lib|processor)\/)?\w+\.wgsl$/,
      /^types\/typescript-5\/\w+\.d\.ts$/,
      /^weights\/demo\/(config\.json|weights\.safetensors)$/,
      /^(README\.md|LICENSE|package\.json)$/,
    ];
    expect(files.filter((file) => !expected.some((pattern) => pattern.test(file)))).toEqual([]);
    for (const pattern of expected) expect(files.some((file) => pattern.test(file))).toBe(true);
    expect(files.filter((file) => /\btests?\b|golden\/|fixture|example/.test(file))).toEqual([]);
  });

  it('has every file that its entries name', () => {
    const targets = Object.values(json.exports).flatMap((entry) =>
      typeof entry === 'string' ? [entry] : Object.values(entry),
    );
    for (const target of [...targets, ...Object.values(json.bin)].filter((name) => !name.includes('*')))
      expect(existsSync(join(installed, target)), target).toBe(true);
  });

  it('is found by Node', async () => {
    const program = `
      const [all, node, browser, train] = await Promise.all(['', '/node', '/browser', '/train'].map((path) => import('float-webgpu' + path)));
      const weights = import.meta.resolve('float-webgpu/weights/demo/weights.safetensors');
      console.log(typeof all.animate, typeof node.readSound, typeof browser.openWeightsUrl, typeof train.runTraining, weights.slice(-24));`;
    const { stdout } = await run(process.execPath, ['--input-type=module', '-e', program], { cwd: consumer });
    expect(stdout).toBe('function function function function demo/weights.safetensors\n');
  });
});

describe('a strict TypeScript program', () => {
  const source = `
    import { animate, InputError, openGpu, type Frame, type Gpu } from 'float-webgpu';
    import { createBrowserVideo, openWeightsFiles, readPicture, readSound, requestBrowserAdapter } from 'float-webgpu/browser';
    import { createVideoWriter, openDataset, openWeights, requestNodeAdapter } from 'float-webgpu/node';
    import { completeSettings, createFmtTrainer, initialWeights, runTraining, type StepReport } from 'float-webgpu/train';

    export async function inBrowser(files: readonly File[], portrait: Blob, speech: Blob): Promise<Blob> {
      const { adapter, software } = await requestBrowserAdapter();
      const gpu: Gpu = await openGpu(adapter);
      const limit: number = gpu.device.limits.maxBufferSize;
      const model = await openWeightsFiles(files);
      const { input_size: side, fps } = model.model.config;
      const sound = await readSound(speech, 'speech');
      const video = await createBrowserVideo({ width: side, height: side, fps, sound });
      for await (const frame of animate({ gpu, ...model }, await readPicture(portrait, 'portrait'), sound, { seed: limit && software ? 1 : 2 })) {
        const typed: Frame = frame;
        await video.addFrame(typed.picture);
      }
      return (await video.close()).file;
    }
    export async function inNode(): Promise<GPUAdapter> {
      const weights = await openWeights('weights');
      await (await createVideoWriter('a.mp4', { width: 2, height: 2, fps: weights.model.config.fps })).abort();
      return (await requestNodeAdapter()).adapter;
    }
    export async function learning(gpu: Gpu): Promise<StepReport[]> {
      const [dataset, { model, weights }] = [await openDataset('data'), await openWeights('weights')];
      const settings = completeSettings({ preset: 'demo', batch: 4, objective: 'flow' });
      const trainer = await createFmtTrainer(gpu, initialWeights(weights, model, settings.seed), model, settings);
      const reports: StepReport[] = [];
      const onStep = (report: StepReport) => void reports.push(report);
      await runTraining({ trainer, dataset, config: model.config, settings, from: { step: 0, firstLoss: undefined }, onStep });
      return reports;
    }
    // @ts-expect-error: an adapter is needed
    export const wrong = () => openGpu('adapter');
    export const right: Error = new InputError('a line');
  `;

  it.each([
    ['ESNext', 'Bundler'],
    ['NodeNext', 'NodeNext'],
  ])('finds the types, as %s by %s', async (module, moduleResolution) => {
    const project = join(consumer, moduleResolution);
    await mkdir(project);
    await writeFile(join(project, 'main.ts'), source);
    await writeFile(join(project, 'example.ts'), example);
    const compilerOptions = {
      target: 'ES2023',
      lib: ['ES2023', 'DOM'],
      types: [],
      module,
      moduleResolution,
      strict: true,
      exactOptionalPropertyTypes: true,
      noUncheckedIndexedAccess: true,
      skipLibCheck: false,
      noEmit: true,
    };
    await writeFile(
      join(project, 'tsconfig.json'),
      JSON.stringify({ compilerOptions, files: ['main.ts', 'example.ts'] }),
    );
    const tsc = join(root, 'node_modules/typescript/bin/tsc');
    const complaints = await run(process.execPath, [tsc, '-p', project]).then(
      () => '',
      (error: unknown) => (error as { stdout: string }).stdout,
    );
    expect(complaints).toBe('');
  });
});

describe('the example', () => {
  it('is at most 30 lines', () => {
    expect(example.trim().split('\n').length).toBeLessThanOrEqual(30);
  });
});

describe('a bundle for browsers', () => {
  /** The code of all chunks, and the modules that are imported from outside. */
  async function bundle(source: string): Promise<{ code: string; imports: string[] }> {
    await writeFile(join(consumer, 'entry.ts'), source);
    const result = (await build({
      root: consumer,
      configFile: false,
      logLevel: 'silent',
      build: {
        write: false,
        target: 'es2023',
        minify: false,
        lib: { entry: join(consumer, 'entry.ts'), formats: ['es'] },
      },
    })) as Rollup.RollupOutput[];
    const chunks = result.flatMap(({ output }) => output).filter((part) => part.type === 'chunk');
    const outside = chunks.flatMap(({ imports, dynamicImports }) => [...imports, ...dynamicImports]);
    const own = new Set(chunks.map(({ fileName }) => fileName));
    return {
      code: chunks.map(({ code }) => code).join('\n'),
      imports: outside.filter((name) => !own.has(name)),
    };
  }

  it.each([
    ['animate', "export { animate } from 'float-webgpu';", /async function\* animate\(/],
    ['the library', "export * from 'float-webgpu';", /async function\* animateStream\(/],
    ['training', "export * from 'float-webgpu/train';", /async function runTraining\(/],
    ['its part for browsers', "export * from 'float-webgpu/browser';", /createImageBitmap/],
    ['the example', example, /getContext\(["']2d["']\)/],
  ])('of %s has nothing of Node', async (_, source, proof) => {
    const { code, imports } = await bundle(source);
    expect(code).toMatch(proof);
    expect(imports).toEqual([]);
    const builtins = builtinModules.filter((name) => !name.startsWith('_')).join('|');
    expect(code).not.toMatch(
      new RegExp(`(from|import|require)\\s*\\(?\\s*['"](node:[^'"]*|${builtins})['"]`),
    );
    // What bundlers put in the place of Node's modules.
    expect(code).not.toContain('__vite-browser-external');
  });

  it('of animate brings its kernels and leaves out what it does not need', async () => {
    const { code } = await bundle("export { animate } from 'float-webgpu';");
    expect(code).toContain('@compute');
    expect(code).not.toContain('mediabunny');
  });
});
