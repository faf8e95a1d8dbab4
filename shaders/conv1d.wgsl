// y[b,t,o] = residual[b,t,o] + gate[b,t,o] · activation(z + bias[o]),
// z = Σ_{j,c} w[o,j,c] · x[b, t·stride + j − padding, first(o) + c]
//
//   x    [batch, frames, channels]            zero outside 0 ≤ frame < frames
//   w    [outChannels, taps, channels/groups] taps before channels: the order in which a window lies in x
//   bias [outChannels]
//   gate [batch, outFrames, gateWidth]    its columns from gateOffset
//   y    [batch, outFrames, outChannels]  as is residual; bias, gate and residual where there are any
//
// In sequence layout a convolution is the matrix product of linear.wgsl whose row t is the window of x under output
// frame t: depth k = j · inputs + c of it is x at frame t·stride + j − padding, channel c. Each group of channels is a
// product of its own, `inputs` wide; first(o) is the first channel of o's group.
//
// As there, one workgroup makes a 64×64 tile of y (frames × channels of one group) with 16×16 invocations, a 4×4 block
// each, from panels 16 deep in shared memory; each panel is summed by itself before it joins the total.

alias Weight = f32; // or f16: how w is stored

// #include "lib/conv1d_params.wgsl"

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> w: array<Weight>;
@group(0) @binding(3) var<storage, read> bias: array<f32>;
@group(0) @binding(4) var<storage, read> gate: array<f32>;
@group(0) @binding(5) var<storage, read> residual: array<f32>;
@group(0) @binding(6) var<storage, read_write> y: array<f32>;

const TILE = 64u;
const PANEL = 16u;

// A row of a panel is one vec4 longer than it need be, so that neighbours, who copy neighbouring k, write to different
// banks.
const ROW = 17u;

var<workgroup> xPanel: array<vec4f, PANEL * ROW>; // [k][frame/4]
var<workgroup> wPanel: array<vec4f, PANEL * ROW>; // [k][channel/4]

@compute @workgroup_size(16, 16)
fn main(
  @builtin(workgroup_id) tile: vec3u, // parts of the sum · channels, frames, batch · groups
  @builtin(num_workgroups) tiles: vec3u,
  @builtin(local_invocation_id) local: vec3u,
  @builtin(local_invocation_index) index: u32,
) {
  let inputs = params.channels / params.groups;
  let outputs = params.outChannels / params.groups;
  let depth = params.taps * inputs;
  let batch = tile.z / params.groups;
  let group = tile.z % params.groups;
  let frame0 = tile.y * TILE;
  let across = (outputs + TILE - 1u) / TILE;
  let channel0 = tile.x % across * TILE;
  let split = tile.x / across;
  let splits = tiles.x / across;
  // Copying: an invocation brings one k of four rows of each panel. Neighbours bring neighbouring k.
  let copyK = index % PANEL;
  let copyRow = index / PANEL * 4u;
  var total = array<vec4f, 4>();
  let panels = (depth + PANEL - 1u) / PANEL;
  let end = panels * (split + 1u) / splits * PANEL;
  for (var k0 = panels * split / splits * PANEL; k0 < end; k0 += PANEL) {
    let k = k0 + copyK;
    var xValues = vec4f();
    var wValues = vec4f();
    if (k < depth) {
      let tap = k / inputs;
      let channel = group * inputs + k % inputs;
      for (var i = 0u; i < 4u; i++) {
        let outFrame = frame0 + copyRow + i;
        let frame = outFrame * params.stride + tap - params.padding; // below 0 it wraps to more than params.frames
        if (outFrame < params.outFrames && frame < params.frames) {
          xValues[i] = x[(batch * params.frames + frame) * params.channels + channel];
        }
        let outChannel = channel0 + copyRow + i;
        if (outChannel < outputs) {
          wValues[i] = f32(w[(group * outputs + outChannel) * depth + k]);
        }
      }
    }
    xPanel[copyK * ROW + copyRow / 4u] = xValues;
    wPanel[copyK * ROW + copyRow / 4u] = wValues;
    workgroupBarrier();
    var partial = array<vec4f, 4>();
    for (var k = 0u; k < PANEL; k++) {
      let a = xPanel[k * ROW + local.y];
      let b = wPanel[k * ROW + local.x];
      partial[0] = fma(vec4f(a.x), b, partial[0]);
      partial[1] = fma(vec4f(a.y), b, partial[1]);
      partial[2] = fma(vec4f(a.z), b, partial[2]);
      partial[3] = fma(vec4f(a.w), b, partial[3]);
    }
    for (var i = 0u; i < 4u; i++) {
      total[i] += partial[i];
    }
    workgroupBarrier();
  }
  let partStart = split * (tiles.z / params.groups) * params.outFrames * params.outChannels;
  for (var i = 0u; i < 4u; i++) {
    let frame = frame0 + local.y * 4u + i;
    for (var j = 0u; j < 4u; j++) {
      let channel = channel0 + local.x * 4u + j;
      if (frame < params.outFrames && channel < outputs) {
        let outChannel = group * outputs + channel;
        let row = batch * params.outFrames + frame;
        let at = row * params.outChannels + outChannel;
        y[partStart + at] = epilogue(total[i][j], row, outChannel, at);
      }
    }
  }
}

// #include "lib/epilogue.wgsl"
