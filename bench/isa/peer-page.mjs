// Runs in the page: what ONNX Runtime Web gives to WebGPU. Each function stands alone, for it is sent as text.
/* global window, GPUAdapter, GPUDevice, GPUComputePassEncoder */

/** Makes the adapter say that it is `claimed`, and records what is dispatched instead of running it. */
export async function watchWebGpu(claimed) {
  const claim = (real) =>
    new Proxy(real, { get: (target, key) => (key in claimed ? claimed[key] : Reflect.get(target, key)) });
  for (const [prototype, key] of [
    [GPUAdapter.prototype, 'info'],
    [GPUDevice.prototype, 'adapterInfo'],
  ]) {
    const get = Object.getOwnPropertyDescriptor(prototype, key)?.get;
    if (get) {
      Object.defineProperty(prototype, key, {
        get() {
          return claim(get.call(this));
        },
      });
    }
  }
  const codes = new WeakMap();
  const pipelines = new WeakMap();
  const { createShaderModule, createComputePipeline, createComputePipelineAsync } = GPUDevice.prototype;
  GPUDevice.prototype.createShaderModule = function (descriptor) {
    const module = createShaderModule.call(this, descriptor);
    codes.set(module, descriptor.code);
    return module;
  };
  const note = (pipeline, { compute: { module, entryPoint = 'main', constants } }) => {
    pipelines.set(pipeline, { code: codes.get(module), entryPoint, constants: { ...constants } });
    return pipeline;
  };
  GPUDevice.prototype.createComputePipeline = function (descriptor) {
    return note(createComputePipeline.call(this, descriptor), descriptor);
  };
  GPUDevice.prototype.createComputePipelineAsync = async function (descriptor) {
    return note(await createComputePipelineAsync.call(this, descriptor), descriptor);
  };
  const { setPipeline } = GPUComputePassEncoder.prototype;
  let current;
  window.record = [];
  GPUComputePassEncoder.prototype.setPipeline = function (pipeline) {
    current = pipeline;
    return setPipeline.call(this, pipeline);
  };
  GPUComputePassEncoder.prototype.dispatchWorkgroups = (x, y = 1, z = 1) => {
    window.record.push({ ...pipelines.get(current), workgroups: [x, y, z] });
  };
  window.ort = await import('/node_modules/onnxruntime-web/dist/ort.webgpu.bundle.min.mjs');
  window.ort.env.wasm.wasmPaths = '/node_modules/onnxruntime-web/dist/';
  window.ort.env.logLevel = 'error';
}

/**
 * @returns for each way to say the operator in ONNX { variant, flops, dispatches: [{ code, entryPoint, constants,
 * workgroups }] }.
 */
export async function recordOperator({ op, ...sizes }) {
  const { operators } = await import('/bench/peers/operators.mjs');
  const { singleOperatorModel } = await import('/bench/peers/onnx.mjs');
  const { ort } = window;
  const { inputs, constants, output, flops, peers } = operators[op](sizes);
  const shapes = Object.fromEntries(Object.entries(inputs).map(([name, { shape }]) => [name, shape]));
  const results = [];
  for (const { name, operator, layout = 'NCHW' } of peers) {
    const model = singleOperatorModel(operator, { inputs: shapes, constants, outputs: { y: output } });
    const session = await ort.InferenceSession.create(model, {
      executionProviders: [{ name: 'webgpu', preferredLayout: layout }],
    });
    const feeds = Object.fromEntries(
      Object.entries(inputs).map(([key, { shape, data }]) => [key, new ort.Tensor('float32', data, shape)]),
    );
    await session.run(feeds); // transposes constants, the first time
    window.record = [];
    await session.run(feeds);
    results.push({ variant: name, flops, dispatches: window.record.slice() });
    await session.release();
  }
  return results;
}
