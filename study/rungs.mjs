// The rungs of the two ladders, and what a launch takes in plain WebGPU.
import { readFileSync } from 'node:fs';

/**
 * `tile`: how many columns (outputs) and rows of y a workgroup of the product makes. The last is a step aside, for
 * processors; the others lead to shaders/linear.wgsl.
 */
export const productRungs = [
  { file: 'product/1_plain', title: 'an element an invocation', tile: [8, 8] },
  { file: 'product/2_vec4', title: 'loads of four', tile: [8, 8], fours: true },
  { file: 'product/3_tiles', title: 'operands in shared memory', tile: [8, 8], fours: true },
  { file: 'product/4_blocks', title: 'blocks of 4×4 in registers', tile: [32, 32] },
  { file: 'product/5_panels', title: 'panels summed by themselves', tile: [32, 32] },
  { file: 'product/6_no_sharing', title: 'blocks, no shared memory', tile: [32, 4], fours: true },
];

/** `tile`: how many positions and outputs a workgroup of the convolution makes. */
export const convolutionRungs = [
  { file: 'convolution/1_plain', title: 'an element an invocation', tile: [64, 1] },
  { file: 'convolution/2_outputs', title: 'eight outputs an invocation', tile: [64, 8] },
  { file: 'convolution/3_tiles', title: 'shared memory, blocks of 4×4', tile: [32, 32] },
];

export function sourceOf({ file }) {
  return readFileSync(new URL(`${file}.wgsl`, import.meta.url), 'utf8');
}

/** The grid of workgroups that covers `columns` × `rows`. */
export function gridOf({ tile }, columns, rows) {
  return [Math.ceil(columns / tile[0]), Math.ceil(rows / tile[1])];
}

/**
 * Makes everything a launch takes, once: the pipeline (the compiled kernel), the uniform buffer with its parameters,
 * and the bind group that says which buffer is x and which is y. `bindings` and `params` (all u32) go by the names in
 * the kernel; `read` is src/runtime/kernel.ts's `readInterface`.
 */
export async function prepareLaunch(device, read, source, { bindings, params, workgroups }) {
  const declared = read(source);
  const values = Uint32Array.from(declared.params, ({ name }) => params[name]);
  const size = Math.max(16, values.byteLength);
  const uniform = device.createBuffer({ size, usage: GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST });
  device.queue.writeBuffer(uniform, 0, values);
  const pipeline = await device.createComputePipelineAsync({
    layout: 'auto',
    compute: { module: device.createShaderModule({ code: source }) },
  });
  const bindGroup = device.createBindGroup({
    layout: pipeline.getBindGroupLayout(0),
    entries: declared.bindings.map(({ name, binding }) => ({
      binding,
      resource: { buffer: name === 'params' ? uniform : bindings[name] },
    })),
  });
  return { pipeline, bindGroup, workgroups };
}

/** Submits a launch, so many times one after the other. */
export function submitLaunch(device, { pipeline, bindGroup, workgroups }, times = 1) {
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, bindGroup);
  for (let i = 0; i < times; i++) pass.dispatchWorkgroups(...workgroups);
  pass.end();
  device.queue.submit([encoder.finish()]);
}

/** Memory for a kernel: so many floats, or those given. */
export function floats(device, values) {
  const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
  const count = typeof values === 'number' ? values : values.length;
  const buffer = device.createBuffer({ size: 4 * count, usage });
  if (typeof values !== 'number') device.queue.writeBuffer(buffer, 0, values);
  return buffer;
}

/** Reads a buffer back, once everything submitted before is done. */
export async function readFloats(device, buffer) {
  const usage = GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST;
  const staging = device.createBuffer({ size: buffer.size, usage });
  const encoder = device.createCommandEncoder();
  encoder.copyBufferToBuffer(buffer, 0, staging, 0, buffer.size);
  device.queue.submit([encoder.finish()]);
  await staging.mapAsync(GPUMapMode.READ);
  const values = new Float32Array(staging.getMappedRange().slice(0));
  staging.destroy();
  return values;
}
