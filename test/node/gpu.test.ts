import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { InputError } from '../../src/base/errors.js';
import { requestNodeAdapter, type AdapterChoice } from '../../src/node/gpu.js';

// SwiftShader comes from npm for Linux on x64 alone.
describe.runIf(process.platform === 'linux' && process.arch === 'x64')('SwiftShader from npm', () => {
  const folder = mkdtempSync(join(tmpdir(), 'float-test-'));
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  describe('on a machine without a Vulkan driver', () => {
    const lines: string[] = [];
    const noDriver = join(folder, 'no-driver.json');
    const environment = { ...process.env };
    const choices = new Map<string, AdapterChoice | Error>();
    let device: GPUDevice;

    beforeAll(async () => {
      process.env['VK_DRIVER_FILES'] = process.env['VK_ICD_FILENAMES'] = noDriver;
      process.env['XDG_CACHE_HOME'] = join(folder, 'cache');
      for (const adapter of ['auto', 'software', 'swiftshader', 'gpu', 'llvmpipe']) {
        const log = (line: string): void => void lines.push(`${adapter}: ${line}`);
        const choice = requestNodeAdapter({ adapter, log }).catch((error: unknown) => error as Error);
        choices.set(adapter, await choice);
      }
      const auto = choices.get('auto');
      if (!auto || auto instanceof Error) throw auto ?? new Error('no adapter');
      device = await auto.adapter.requestDevice();
    });

    afterAll(() => {
      device.destroy();
      for (const name of ['VK_DRIVER_FILES', 'VK_ICD_FILENAMES', 'XDG_CACHE_HOME']) {
        const before = environment[name];
        if (before === undefined) Reflect.deleteProperty(process.env, name);
        else process.env[name] = before;
      }
    });

    test.each(['auto', 'software', 'swiftshader'])('--adapter %s is SwiftShader', (adapter) => {
      expect(choices.get(adapter)).toMatchObject({
        kind: 'software',
        backend: 'vulkan',
        name: expect.stringContaining('SwiftShader') as string,
      });
    });

    test.each(['gpu', 'llvmpipe'])('--adapter %s tells in one line how to get one', (adapter) => {
      const error = choices.get(adapter);
      expect(error).toBeInstanceOf(InputError);
      expect((error as InputError).message).toMatch(
        new RegExp(`^no adapter for --adapter ${adapter}; found: none; .*mesa-vulkan-drivers.*$`),
      );
    });

    test('auto gives one line of notice, which the others do not', () => {
      expect(lines).toEqual([expect.stringMatching(/^auto: no graphics card found: .*SwiftShader.*$/)]);
      expect(choices.get('auto')).toHaveProperty('notice', lines[0]?.replace('auto: ', ''));
    });

    test('the driver is unpacked once, and programs started later keep their own', () => {
      expect(readdirSync(join(folder, 'cache', 'float-webgpu'))).toHaveLength(1);
      expect(process.env['VK_DRIVER_FILES']).toBe(noDriver);
      expect(process.env['VK_ICD_FILENAMES']).toBe(noDriver);
      expect(existsSync(noDriver)).toBe(false);
    });

    test('computes', async () => {
      const code = `
        @group(0) @binding(0) var<storage, read_write> x: array<u32>;
        @compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3u) { x[id.x] = id.x * id.x; }`;
      const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC;
      const buffer = device.createBuffer({ size: 256, usage });
      const result = device.createBuffer({
        size: 256,
        usage: GPUBufferUsage.COPY_DST | GPUBufferUsage.MAP_READ,
      });
      const module = device.createShaderModule({ code });
      const pipeline = device.createComputePipeline({ layout: 'auto', compute: { module } });
      const layout = pipeline.getBindGroupLayout(0);
      const encoder = device.createCommandEncoder();
      const pass = encoder.beginComputePass();
      pass.setPipeline(pipeline);
      pass.setBindGroup(
        0,
        device.createBindGroup({ layout, entries: [{ binding: 0, resource: { buffer } }] }),
      );
      pass.dispatchWorkgroups(1);
      pass.end();
      encoder.copyBufferToBuffer(buffer, 0, result, 0, 256);
      device.queue.submit([encoder.finish()]);
      await result.mapAsync(GPUMapMode.READ);
      expect([...new Uint32Array(result.getMappedRange())]).toEqual(
        Array.from({ length: 64 }, (_, i) => i * i),
      );
    });
  });
});
