alias Value = f32; // or f16: how x is stored
alias Weight = f32; // or f16: how w is stored
alias Result = f32; // or f16: how y is stored

struct Params {
  batch: u32,
  frameStride: u32,
  inputs: u32,
  height: u32,
  width: u32,
  outputs: u32,
  outHeight: u32,
  outWidth: u32,
  kernel: u32, // taps on each axis, unless transposed
  stride: u32,
  pad: u32,
  phases: u32, // 1, or 4 for the transposed convolution
  splits: u32,
  scaleOffset: u32,
  scaleStride: u32,
  hasInScale: u32,
  hasOutScale: u32,
  outScaleOffset: u32,
  hasBias: u32,
  hasAddend: u32,
  leaky: u32, // 1: activation is leakyrelu(·, 0.2)·√2, FusedLeakyReLU
  factor: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<Value>;
@group(0) @binding(2) var<storage, read> w: array<vec4<Weight>>;
@group(0) @binding(3) var<storage, read> inScale: array<f32>;
@group(0) @binding(4) var<storage, read> outScale: array<f32>;
@group(0) @binding(5) var<storage, read> bias: array<f32>;
@group(0) @binding(6) var<storage, read> addend: array<Result>;
@group(0) @binding(7) var<storage, read_write> y: array<Result>;
