// Resampling with the blur kernel k = [1,3,3,1]/8 on each axis, times gain:
//
//   v[b,c,Y,X] = gain · Σ_{ky,kx} k[ky]·k[kx] · u[b,c, Y·down + ky − pad, X·down + kx − pad]
//   y[b,c,Y,X] = (activation(outScale[b,c] · v + bias[c]) + addend[b,c,Y,X]) · factor
//
// where u is x with up−1 zeros after each sample, on both axes, and zero outside.
//
//   x        [batch, outputs, height, width]
//   outScale [batch, outputs] from outScaleOffset, bias [outputs], addend as y
//   y        [batch, outputs, outHeight, outWidth]
//
// One invocation makes four values of y below each other: it filters each row of u that they reach horizontally, and
// adds the result to those that reach it.

alias Value = f32; // or f16: how x and y are stored

// Known to the compiler, so that there are no divisions and all rows are loaded together.
override UP: u32 = 1;
override DOWN: u32 = 1;

struct Params {
  channels: u32, // batch · outputs
  outputs: u32,
  height: u32,
  width: u32,
  outHeight: u32,
  outWidth: u32,
  pad: i32, // before the first row and column
  gain: f32,
  hasOutScale: u32,
  outScaleOffset: u32,
  hasBias: u32,
  hasAddend: u32,
  leaky: u32,
  factor: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<Value>;
@group(0) @binding(2) var<storage, read> outScale: array<f32>;
@group(0) @binding(3) var<storage, read> bias: array<f32>;
@group(0) @binding(4) var<storage, read> addend: array<Value>;
@group(0) @binding(5) var<storage, read_write> y: array<Value>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) index: u32,
) {
  let strips = (params.outHeight + 3u) / 4u;
  let id = elementOf(workgroup, workgroups, index);
  let outColumn = id % params.outWidth;
  let outRow = id / params.outWidth % strips * 4u;
  let channel = id / (params.outWidth * strips);
  if (channel >= params.channels) {
    return;
  }
  let up = i32(UP);
  let down = i32(DOWN);
  let k = vec4f(0.125, 0.375, 0.375, 0.125);

  // The four columns of u, and those of x they hold.
  let column = i32(outColumn) * down - params.pad + vec4i(0, 1, 2, 3);
  let sourceColumn = vec4u(column / up);
  let held = (column >= vec4i()) & (column % up == vec4i()) & (sourceColumn < vec4u(params.width));
  let at = select(vec4u(), sourceColumn, held);

  var sums = vec4f();
  // The rows of u that the four outputs reach and that hold one of x: every up-th.
  let firstRow = i32(outRow) * down - params.pad;
  let skipped = (up - firstRow % up) % up;
  for (var i = 0u; i < (3u * DOWN + 3u + UP) / UP; i++) {
    let r = skipped + i32(i) * up;
    let row = firstRow + r;
    let known = row >= 0 && row < i32(params.height) * up;
    let start = select(0u, (channel * params.height + u32(row / up)) * params.width, known);
    let values = vec4f(vec4<Value>(x[start + at.x], x[start + at.y], x[start + at.z], x[start + at.w]));
    let filtered = dot(k, select(vec4f(), values, held & vec4<bool>(known)));
    // The four outputs read this row at these taps; or not at all.
    let tap = r - down * vec4i(0, 1, 2, 3);
    let outer = (tap == vec4i(0)) | (tap == vec4i(3));
    let inner = (tap == vec4i(1)) | (tap == vec4i(2));
    sums += select(vec4f(), filtered * select(vec4f(0.125), vec4f(0.375), inner), inner | outer);
  }
  for (var j = 0u; j < 4u; j++) {
    if (outRow + j < params.outHeight) {
      let to = (channel * params.outHeight + outRow + j) * params.outWidth + outColumn;
      y[to] = Value(finish(params.gain * sums[j], channel % params.outputs, channel, to));
    }
  }
}

// #include "lib/element.wgsl"
// #include "lib/finish.wgsl"
