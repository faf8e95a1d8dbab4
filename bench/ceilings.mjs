// What the adapter can do at best, measured: multiply-adds a second in each precision, bytes a second.
import { readFileSync } from 'node:fs';

const source = (name) => readFileSync(new URL(`probes/${name}.wgsl`, import.meta.url), 'utf8');

/** What a workgroup of a probe does: operations a round, and f32 values that it writes at the end. */
const vectors = { operations: 2 * 4 * 16 * 64, results: 64, constants: {} };
const matrices = (LANES) => ({ operations: 2 * 4 * 16 ** 3, results: 4 * 16 ** 2, constants: { LANES } });

/** The shortest of three runs between two timestamps, in seconds. */
async function timed(device, name, { bindings, workgroups, constants = {} }) {
  const module = device.createShaderModule({ label: name, code: source(name) });
  const pipeline = await device.createComputePipelineAsync({
    label: name,
    layout: 'auto',
    compute: { module, constants },
  });
  const entries = bindings.map(([binding, buffer]) => ({ binding, resource: { buffer } }));
  const group = device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries });
  const querySet = device.createQuerySet({ type: 'timestamp', count: 2 });
  const buffer = (usage) => device.createBuffer({ size: 16, usage });
  const resolved = buffer(GPUBufferUsage.QUERY_RESOLVE | GPUBufferUsage.COPY_SRC);
  const staging = buffer(GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST);
  let best = Infinity;
  for (let run = 0; run < 3; run++) {
    const encoder = device.createCommandEncoder();
    const pass = encoder.beginComputePass({
      timestampWrites: { querySet, beginningOfPassWriteIndex: 0, endOfPassWriteIndex: 1 },
    });
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, group);
    pass.dispatchWorkgroups(...workgroups);
    pass.end();
    encoder.resolveQuerySet(querySet, 0, 2, resolved, 0);
    encoder.copyBufferToBuffer(resolved, 0, staging, 0, 16);
    device.queue.submit([encoder.finish()]);
    await staging.mapAsync(GPUMapMode.READ);
    const [start, end] = new BigUint64Array(staging.getMappedRange().slice(0));
    staging.unmap();
    best = Math.min(best, Number(end - start) / 1e9);
  }
  return best;
}

/** Operations a second: rounds are doubled until a run takes a quarter of a second or as many as make sense. */
async function multiplyAdds(device, name, workgroups, probe = vectors) {
  const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC;
  const y = device.createBuffer({ size: workgroups * probe.results * 4, usage });
  const params = device.createBuffer({ size: 16, usage: GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST });
  let rate = 0;
  for (let rounds = 64; rounds <= 65536; rounds *= 4) {
    device.queue.writeBuffer(params, 0, Uint32Array.of(rounds, 0, 0, 0));
    const bindings = [[0, params], [1, y]]; // prettier-ignore
    const seconds = await timed(device, name, {
      bindings,
      workgroups: [workgroups],
      constants: probe.constants,
    });
    rate = Math.max(rate, (probe.operations * rounds * workgroups) / seconds);
    if (seconds > 0.25) break;
  }
  y.destroy();
  return rate;
}

/** Bytes read plus bytes written a second, of arrays that no cache holds. */
async function copyBandwidth(device) {
  const bytes = Math.min(2 ** 28, device.limits.maxStorageBufferBindingSize);
  const usage = GPUBufferUsage.STORAGE;
  const [x, y] = [0, 1].map(() => device.createBuffer({ size: bytes, usage }));
  const groups = bytes / 16 / 64;
  const rows = Math.ceil(groups / 65535);
  const bindings = [[1, y], [2, x]]; // prettier-ignore
  const seconds = await timed(device, 'copy', { bindings, workgroups: [Math.ceil(groups / rows), rows] });
  x.destroy();
  y.destroy();
  return (2 * bytes) / seconds;
}

/** @returns operations and bytes a second; f16 and matrix (f16 added in f32) undefined where the device has none. */
export async function measureCeilings({ device, adapter, matrixLanes }) {
  const workgroups = adapter.info.isFallbackAdapter ? 256 : 16384;
  const f32 = await multiplyAdds(device, 'multiply_add_f32', workgroups);
  const f16 = device.features.has('shader-f16')
    ? await multiplyAdds(device, 'multiply_add_f16', workgroups)
    : undefined;
  const matrix =
    matrixLanes && (await multiplyAdds(device, 'multiply_add_matrix', workgroups, matrices(matrixLanes)));
  return { f32, f16, matrix, bytes: await copyBandwidth(device) };
}
