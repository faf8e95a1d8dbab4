// The gradient of a convolution's weights:
//
//   y[k,a,b] = Σ_{n,Y,X} aScale[n,a] · u[n,a,Y,X] · bScale[n,b] · v[n,b, Y·stride+ky−pad, X·stride+kx−pad]
//
// k = ky·kernel + kx. Of a convolution u is the gradient of its output and v its input, so that a is an output and b an
// input; of a transposed one, y[2v+ky, 2u+kx] += x[v,u]·w[ky,kx], u is the input and v the gradient, with stride 2. A
// linear layer and a Gram matrix are the case of one tap.
//
//   u      [batch, aChannels, height, width]
//   v      [batch, bChannels, vHeight, vWidth], zero outside
//   aScale [batch, aChannels], bScale [batch, bChannels]
//   y      [splits, size]: of weight (k,a,b) at placeOfTap(k)·yTap + a·yA + b·yB, for a < aCount and b < bCount; the
//          channels that u and v do not have give zeros, the packed layout's padding
//
// A product of matrices: rows a, columns (k,b), and the sum over all positions of all frames, sixteen at a time through
// shared memory, each panel summed by itself before it joins the total. One workgroup makes 32 rows × 64 columns with
// 8×16 invocations, a 4×4 block each. The panels are dealt out to `splits` workgroups, whose sums sum_rows.wgsl joins
// in a fixed order.

struct Params {
  batch: u32,
  aChannels: u32,
  height: u32,
  width: u32,
  bChannels: u32,
  vHeight: u32,
  vWidth: u32,
  kernel: u32,
  stride: u32,
  pad: u32,
  hasAScale: u32,
  hasBScale: u32,
  aCount: u32,
  bCount: u32,
  yTap: u32,
  yA: u32,
  yB: u32,
  phased: u32,
  splits: u32,
  size: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> u: array<f32>;
@group(0) @binding(2) var<storage, read> v: array<f32>;
@group(0) @binding(3) var<storage, read> aScale: array<f32>;
@group(0) @binding(4) var<storage, read> bScale: array<f32>;
@group(0) @binding(5) var<storage, read_write> y: array<f32>;

const PANEL = 16u;
const ROWS = 32u;
const COLUMNS = 64u;

var<workgroup> uPanel: array<vec4f, 128>; // [k][row/4]
var<workgroup> vPanel: array<vec4f, 256>; // [k][column/4]

// What a column reads of v: the shift of its tap, and the channel; a channel that isn't there is far outside.
struct Column {
  dy: u32,
  dx: u32,
  channel: u32,
}

@compute @workgroup_size(16, 8)
fn main(
  @builtin(workgroup_id) tile: vec3u, // columns, rows, split
  @builtin(local_invocation_id) local: vec3u,
  @builtin(local_invocation_index) index: u32,
) {
  let row0 = tile.y * ROWS;
  let column0 = tile.x * COLUMNS;
  let columns = params.kernel * params.kernel * params.bCount;
  let plane = params.height * params.width;
  let positions = params.batch * plane;
  let panels = (positions + PANEL - 1u) / PANEL;
  // Copying: an invocation brings one position of four rows of u and eight columns of v, neighbours neighbouring
  // positions.
  let ownK = index % PANEL;
  let quad = index / PANEL;
  var own: array<Column, 8>;
  for (var j = 0u; j < 8u; j++) {
    let column = column0 + (quad + j / 4u * 8u) * 4u + j % 4u;
    let tap = column / params.bCount;
    own[j] = Column(tap / params.kernel - params.pad, tap % params.kernel - params.pad, column % params.bCount);
    if (column >= columns) {
      own[j].channel = params.bChannels;
    }
  }
  var total = array<vec4f, 4>();
  let end = panels * (tile.z + 1u) / params.splits;
  for (var panel = panels * tile.z / params.splits; panel < end; panel++) {
    let k = panel * PANEL + ownK;
    let known = k < positions;
    let frame = k / plane;
    let position = k % plane;
    let row = position / params.width * params.stride;
    let column = position % params.width * params.stride;
    var uValues = vec4f();
    for (var i = 0u; i < 4u; i++) {
      let a = row0 + quad * 4u + i;
      if (known && a < params.aChannels) {
        let channel = frame * params.aChannels + a;
        var value = u[channel * plane + position];
        if (params.hasAScale != 0u) {
          value *= aScale[channel];
        }
        uValues[i] = value;
      }
    }
    uPanel[ownK * 8u + quad] = uValues;
    for (var half = 0u; half < 2u; half++) {
      var vValues = vec4f();
      for (var i = 0u; i < 4u; i++) {
        let source = own[half * 4u + i];
        let sourceRow = row + source.dy; // wraps round below 0
        let sourceColumn = column + source.dx;
        if (known && source.channel < params.bChannels && sourceRow < params.vHeight && sourceColumn < params.vWidth) {
          let channel = frame * params.bChannels + source.channel;
          var value = v[(channel * params.vHeight + sourceRow) * params.vWidth + sourceColumn];
          if (params.hasBScale != 0u) {
            value *= bScale[channel];
          }
          vValues[i] = value;
        }
      }
      vPanel[ownK * 16u + quad + half * 8u] = vValues;
    }
    workgroupBarrier();
    var partial = array<vec4f, 4>();
    for (var i = 0u; i < PANEL; i++) {
      let left = uPanel[i * 8u + local.y];
      let right = vPanel[i * 16u + local.x];
      partial[0] = fma(vec4f(left.x), right, partial[0]);
      partial[1] = fma(vec4f(left.y), right, partial[1]);
      partial[2] = fma(vec4f(left.z), right, partial[2]);
      partial[3] = fma(vec4f(left.w), right, partial[3]);
    }
    for (var i = 0u; i < 4u; i++) {
      total[i] += partial[i];
    }
    workgroupBarrier();
  }
  for (var i = 0u; i < 4u; i++) {
    let a = row0 + local.y * 4u + i;
    for (var j = 0u; j < 4u; j++) {
      let column = column0 + local.x * 4u + j;
      if (a < params.aCount && column < columns) {
        let place = placeOfTap(column / params.bCount, params.phased);
        let at = place * params.yTap + a * params.yA + column % params.bCount * params.yB;
        y[tile.z * params.size + at] = total[i][j];
      }
    }
  }
}

// #include "lib/place_of_tap.wgsl"
