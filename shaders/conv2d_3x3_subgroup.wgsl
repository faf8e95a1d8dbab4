// The 3×3 convolution of conv2d.wgsl with stride 1 and a border of one zero, for adapters that are a processor with few lanes,
// and pictures whose width is a multiple of four.
//
// As conv2d_subgroup.wgsl, but the four positions of an invocation are neighbours in a row: six values of x, four of them
// in one load, serve all three taps of a row of the kernel. For three taps of four inputs that is 24 values of x and 36 of w
// for 576 multiply-adds.
//
// x4 and x are the same memory, in fours and one by one.
//
// On SwiftShader (4 lanes) 1.5 times as fast as conv2d_subgroup.wgsl; on llvmpipe (8 lanes), which loads faster and spills more,
// 0.7 times: docs/performance.md.
enable subgroups;

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
  kernel: u32,
  stride: u32,
  pad: u32,
  phases: u32,
  splits: u32, // 1 here
  scaleOffset: u32,
  scaleStride: u32,
  hasInScale: u32,
  hasOutScale: u32,
  hasBias: u32,
  hasAddend: u32,
  leaky: u32,
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
@group(0) @binding(8) var<storage, read> x4: array<vec4<Value>>;

const LANES = 8u;
const POSITIONS = 4u * LANES;
const OUTPUTS = 12u;
const PANEL = 64u; // inputs summed by themselves before they join the total

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) tile: vec3u,
  @builtin(local_invocation_index) index: u32,
  @builtin(subgroup_invocation_id) lane: u32,
) {
  let plane = params.height * params.width;
  let tilesPerFrame = (plane + POSITIONS - 1u) / POSITIONS;
  let frame = tile.x / tilesPerFrame;
  let position = tile.x % tilesPerFrame * POSITIONS + index * 4u; // the first of four
  let column = position % params.width;
  let row = position / params.width;
  let hasLeft = column > 0u;
  let hasRight = column + 4u < params.width;
  let scaleAt = params.scaleOffset + frame * params.scaleStride;

  let output4 = (params.outputs + 3u) / 4u;
  let first4 = tile.y * (OUTPUTS / 4u);
  let columns = min(first4 + vec3u(0u, 1u, 2u), vec3u(output4 - 1u));
  let quadLane = lane & 3u;
  let tapStride = params.inputs * output4;

  var ta = mat4x4f();
  var tb = mat4x4f();
  var tc = mat4x4f();
  for (var ky = 0u; ky < 3u; ky++) {
    let sourceRow = row + ky - 1u; // wraps round below 0
    let inside = sourceRow < params.height;
    let address = select(0u, frame * params.frameStride + sourceRow * params.width + column, inside);
    for (var input0 = 0u; input0 < params.inputs; input0 += PANEL) {
      var pa = mat4x4f(); // [output] of positions
      var pb = mat4x4f();
      var pc = mat4x4f();
      for (var i = input0; i < min(input0 + PANEL, params.inputs); i += 4u) {
        let at = address + min(i + vec4u(0u, 1u, 2u, 3u), vec4u(params.inputs - 1u)) * plane;
        let centre = mat4x4f(four(at.x, inside), four(at.y, inside), four(at.z, inside), four(at.w, inside));
        let left = one(at - select(0u, 1u, hasLeft), inside && hasLeft); // of four inputs
        let right = one(at + select(0u, 4u, hasRight), inside && hasRight);
        let t = transpose(centre); // [position] of inputs
        let before = transpose(mat4x4f(left, t[0], t[1], t[2]));
        let after = transpose(mat4x4f(t[1], t[2], t[3], right));
        var scale = select(0.0, 1.0, i + quadLane < params.inputs);
        let own = min(i + quadLane, params.inputs - 1u);
        if (params.hasInScale != 0u) {
          scale *= inScale[scaleAt + own];
        }
        let weights = (ky * 3u * params.inputs + own) * output4;
        let a = columns + weights;
        let b = a + tapStride;
        let c = b + tapStride;
        pa += before * ofQuad(scale * vec4f(w[a.x])) + centre * ofQuad(scale * vec4f(w[b.x])) + after * ofQuad(scale * vec4f(w[c.x]));
        pb += before * ofQuad(scale * vec4f(w[a.y])) + centre * ofQuad(scale * vec4f(w[b.y])) + after * ofQuad(scale * vec4f(w[c.y]));
        pc += before * ofQuad(scale * vec4f(w[a.z])) + centre * ofQuad(scale * vec4f(w[b.z])) + after * ofQuad(scale * vec4f(w[c.z]));
      }
      ta += pa;
      tb += pb;
      tc += pc;
    }
  }

  let totals = array<mat4x4f, 3>(ta, tb, tc);
  for (var i = 0u; i < OUTPUTS; i++) {
    let output = first4 * 4u + i;
    for (var j = 0u; j < 4u; j++) {
      if (output < params.outputs && row < params.height) {
        let channel = frame * params.outputs + output;
        let at = channel * plane + position + j;
        y[at] = Result(finish(totals[i / 4u][i % 4u][j], output, channel, at));
      }
    }
  }
}

// Four neighbours of one input.
fn four(at: u32, inside: bool) -> vec4f {
  return select(vec4f(), vec4f(x4[at / 4u]), inside);
}

// One value of each of four inputs.
fn one(at: vec4u, inside: bool) -> vec4f {
  return select(vec4f(), vec4f(vec4<Value>(x[at.x], x[at.y], x[at.z], x[at.w])), inside);
}

// The quad's weights [input][output], transposed: a column for each output.
fn ofQuad(own: vec4f) -> mat4x4f {
  return transpose(mat4x4f(
    subgroupBroadcast(own, 0u),
    subgroupBroadcast(own, 1u),
    subgroupBroadcast(own, 2u),
    subgroupBroadcast(own, 3u),
  ));
}

fn finish(sum: f32, output: u32, channel: u32, at: u32) -> f32 {
  var value = sum;
  if (params.hasOutScale != 0u) {
    value *= outScale[channel];
  }
  if (params.hasBias != 0u) {
    value += bias[output];
  }
  if (params.leaky != 0u) {
    value = max(value, 0.2 * value) * 1.41421356;
  }
  if (params.hasAddend != 0u) {
    value += f32(addend[at]);
  }
  return value * params.factor;
}
