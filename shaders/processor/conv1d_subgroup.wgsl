// The convolution of conv1d.wgsl, and with one tap the product of linear.wgsl, for adapters that are a processor:
// without shared memory and barriers, which cost more there than they save.
//
//   y[b,t,o] = residual[b,t,o] + gate[b,t,o] · activation(z + bias[o]),
//   z = Σ_{j,c} w[o,j,c] · x[b, t·stride + j − padding, first(o) + c]
//
//   x    [batch, frames, channels/4]           zero outside 0 ≤ frame < frames
//   w    [outChannels, taps, channels/groups/4]
//   bias [outChannels]
//   gate [batch, outFrames, gateWidth]    its columns from gateOffset
//   y    [batch, outFrames, outChannels]  as is residual; bias, gate and residual where there are any
//
// Channels come in fours: channels/groups is a multiple of four.
//
// A workgroup is a few lanes of SIMD. One makes 32 frames × 12 channels of y, an invocation 4 × 12. Every lane needs
// all the weights, so the lanes of a quad share the loading: lane q loads four weights of output o + q, and swaps with
// its neighbours bring those of outputs o + (q ⊕ 1), o + (q ⊕ 2) and o + (q ⊕ 3), ⊕ the exclusive or: each lane meets
// the quad's four outputs in an order of its own, which counts only when it stores them. A swap is one instruction of
// SIMD for a whole quad, a broadcast several. With four channels of the four frames as a matrix X (a row a frame), an
// output gains X · w[output, c … c+3]: 7 loads of four for 192 multiply-adds. The channels of a tap, 256 at most, are
// summed by themselves before they join the total: that keeps the rounding error of a long sum small.
enable subgroups;

alias Weight = f32; // or f16: how w is stored

// #include "lib/conv1d_params.wgsl"

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read> w: array<vec4<Weight>>;
@group(0) @binding(3) var<storage, read> bias: array<f32>;
@group(0) @binding(4) var<storage, read> gate: array<f32>;
@group(0) @binding(5) var<storage, read> residual: array<f32>;
@group(0) @binding(6) var<storage, read_write> y: array<f32>;

const LANES = 8u;
const FRAMES = 4u * LANES;
const OUTPUTS = 12u;
const PANEL = 64u; // fours of channels

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) tile: vec3u, // channels, frames, batch · groups
  @builtin(local_invocation_index) index: u32,
  @builtin(subgroup_invocation_id) lane: u32,
) {
  let inputs = params.channels / params.groups / 4u;
  let outputs = params.outChannels / params.groups;
  let batch = tile.z / params.groups;
  let group = tile.z % params.groups;
  let outFrame = tile.y * FRAMES + index + vec4u(0u, LANES, 2u * LANES, 3u * LANES);
  let output0 = tile.x * OUTPUTS;
  // Beyond the last output, sums of others are made and not stored.
  let quadLane = lane & 3u;
  let own = group * outputs + min(output0 + quadLane + vec3u(0u, 4u, 8u), vec3u(outputs - 1u));

  // Sums of the twelve outputs at four frames, in variables rather than matrices, which some compilers keep in memory.
  var t0 = vec4f();
  var t1 = vec4f();
  var t2 = vec4f();
  var t3 = vec4f();
  var t4 = vec4f();
  var t5 = vec4f();
  var t6 = vec4f();
  var t7 = vec4f();
  var t8 = vec4f();
  var t9 = vec4f();
  var t10 = vec4f();
  var t11 = vec4f();
  for (var tap = 0u; tap < params.taps; tap++) {
    let frame = outFrame * params.stride + tap - params.padding; // below 0 it wraps to more than params.frames
    let inside = frame < vec4u(params.frames);
    let row = (batch * params.frames + select(vec4u(), frame, inside)) * (params.channels / 4u) + group * inputs;
    let weights = (own * params.taps + tap) * inputs;
    for (var c0 = 0u; c0 < inputs; c0 += PANEL) {
      var p0 = vec4f();
      var p1 = vec4f();
      var p2 = vec4f();
      var p3 = vec4f();
      var p4 = vec4f();
      var p5 = vec4f();
      var p6 = vec4f();
      var p7 = vec4f();
      var p8 = vec4f();
      var p9 = vec4f();
      var p10 = vec4f();
      var p11 = vec4f();
      for (var c = c0; c < min(c0 + PANEL, inputs); c++) {
        let X = transpose(mat4x4f(
          select(vec4f(), x[row.x + c], inside.x),
          select(vec4f(), x[row.y + c], inside.y),
          select(vec4f(), x[row.z + c], inside.z),
          select(vec4f(), x[row.w + c], inside.w),
        ));
        let a = vec4f(w[weights.x + c]);
        let b = vec4f(w[weights.y + c]);
        let d = vec4f(w[weights.z + c]);
        p0 += X * a;
        p1 += X * quadSwapX(a);
        p2 += X * quadSwapY(a);
        p3 += X * quadSwapDiagonal(a);
        p4 += X * b;
        p5 += X * quadSwapX(b);
        p6 += X * quadSwapY(b);
        p7 += X * quadSwapDiagonal(b);
        p8 += X * d;
        p9 += X * quadSwapX(d);
        p10 += X * quadSwapY(d);
        p11 += X * quadSwapDiagonal(d);
      }
      t0 += p0;
      t1 += p1;
      t2 += p2;
      t3 += p3;
      t4 += p4;
      t5 += p5;
      t6 += p6;
      t7 += p7;
      t8 += p8;
      t9 += p9;
      t10 += p10;
      t11 += p11;
    }
  }

  let totals = array<vec4f, 12>(t0, t1, t2, t3, t4, t5, t6, t7, t8, t9, t10, t11);
  for (var i = 0u; i < OUTPUTS; i++) {
    let output = output0 + (i ^ quadLane);
    if (output < outputs) {
      let sums = totals[i];
      store(sums.x, batch, outFrame.x, group * outputs + output);
      store(sums.y, batch, outFrame.y, group * outputs + output);
      store(sums.z, batch, outFrame.z, group * outputs + output);
      store(sums.w, batch, outFrame.w, group * outputs + output);
    }
  }
}

fn store(sum: f32, batch: u32, outFrame: u32, outChannel: u32) {
  if (outFrame < params.outFrames) {
    let row = batch * params.outFrames + outFrame;
    let at = row * params.outChannels + outChannel;
    y[at] = epilogue(sum, row, outChannel, at);
  }
}

// #include "lib/epilogue.wgsl"
