// y[m,n] = residual[m,n] + gate[m,n] · activation(Σ_k x[m,k] · w[n,k] + bias[n])
//
//   x    [rows, inputs/2]    row-major
//   w    [outputs, inputs/2] row-major, as PyTorch stores nn.Linear.weight
//   bias [outputs]
//   gate [rows, gateWidth]   its columns from gateOffset
//   y    [rows, outputs]     as is residual; bias, gate and residual where there are any
//
// Inputs come in pairs; where their number is odd, conv1d.wgsl makes the product. Where tiles are few, the sum is dealt
// out to several workgroups along z, whose y is [splits, rows, outputs] and without bias, activation, gate or residual:
// linear_join.wgsl adds it up.
//
// One workgroup makes 8·HIGH rows × 64 columns of y with 16×HIGH invocations, a block of 8×4 each. Sixteen columns of k
// at a time, the workgroup copies a panel of x and one of w to shared memory, transposed so that an invocation reads
// four rows (or four columns, 16 apart, so that neighbours write neighbouring values) as one vec4; a row of a panel is
// one vec4 longer than it need be, so that neighbours, who copy neighbouring k, write to different banks. Each panel is
// summed by itself before it joins the total: the rounding error of a long sum then grows with √16 + √(inputs/16)
// instead of √inputs.

alias Weight = f32; // or f16: how w is stored

override HIGH: u32 = 8; // or 4
// #include "lib/linear_params.wgsl"

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec2f>;
@group(0) @binding(2) var<storage, read> w: array<vec2<Weight>>;
@group(0) @binding(3) var<storage, read> bias: array<f32>;
@group(0) @binding(4) var<storage, read> gate: array<f32>;
@group(0) @binding(5) var<storage, read> residual: array<f32>;
@group(0) @binding(6) var<storage, read_write> y: array<f32>;

const WIDE = 16u;
const PANEL = 16u;
const PAIRS = PANEL / 2u;
const WROW = WIDE + 1u;

var<workgroup> xPanel: array<vec4f, PANEL * (2 * HIGH + 1)>; // [k][row/4]
var<workgroup> wPanel: array<vec4f, PANEL * WROW>; // [k][column mod WIDE]

@compute @workgroup_size(WIDE, HIGH)
fn main(
  @builtin(workgroup_id) tile: vec3u, // columns, rows, part of the sum
  @builtin(num_workgroups) tiles: vec3u,
  @builtin(local_invocation_id) local: vec3u,
  @builtin(local_invocation_index) index: u32,
) {
  let row0 = tile.y * HIGH * 8u;
  let column0 = tile.x * WIDE * 4u;
  let inputs = params.inputs / 2u;
  let four = vec4u(0u, 1u, 2u, 3u);
  // An invocation brings a pair of k of four rows, and of four columns (with half of the invocations, of eight). Where
  // they lie is worked out once: a compiler may not move it out of the loop. Rows and columns beyond the last are not
  // stored in the end and may be copies of it.
  let pair = index % PAIRS;
  let group = index / PAIRS;
  let xAt = min(row0 + group * 4u + four, vec4u(params.rows - 1u)) * inputs + pair;
  var wAt = array<vec4u, 2>();
  for (var i = 0u; i < 8u / HIGH; i++) {
    wAt[i] = min(column0 + group + 2u * HIGH * i + WIDE * four, vec4u(params.outputs - 1u)) * inputs + pair;
  }
  // Sums of the eight rows, in variables rather than an array: an array that is indexed by a variable anywhere may be
  // put in memory everywhere.
  var t0 = vec4f();
  var t1 = vec4f();
  var t2 = vec4f();
  var t3 = vec4f();
  var t4 = vec4f();
  var t5 = vec4f();
  var t6 = vec4f();
  var t7 = vec4f();
  let panels = (inputs + PAIRS - 1u) / PAIRS;
  let end = panels * (tile.z + 1u) / tiles.z * PAIRS;
  for (var k0 = panels * tile.z / tiles.z * PAIRS; k0 < end; k0 += PAIRS) {
    // Copies in loops that a compiler can count, so that it loads all values of a panel together. Beyond the last k
    // come zeros.
    let known = k0 + pair < inputs;
    let at = xAt + k0;
    let x0 = x[at.x];
    let x1 = x[at.y];
    let x2 = x[at.z];
    let x3 = x[at.w];
    let xPlace = pair * 2u * (2u * HIGH + 1u) + group;
    xPanel[xPlace] = select(vec4f(), vec4f(x0.x, x1.x, x2.x, x3.x), known);
    xPanel[xPlace + 2u * HIGH + 1u] = select(vec4f(), vec4f(x0.y, x1.y, x2.y, x3.y), known);
    for (var i = 0u; i < 8u / HIGH; i++) {
      let spot = wAt[i] + k0;
      let w0 = vec2f(w[spot.x]);
      let w1 = vec2f(w[spot.y]);
      let w2 = vec2f(w[spot.z]);
      let w3 = vec2f(w[spot.w]);
      let wPlace = pair * 2u * WROW + group + 2u * HIGH * i;
      wPanel[wPlace] = select(vec4f(), vec4f(w0.x, w1.x, w2.x, w3.x), known);
      wPanel[wPlace + WROW] = select(vec4f(), vec4f(w0.y, w1.y, w2.y, w3.y), known);
    }
    workgroupBarrier();
    var p0 = vec4f();
    var p1 = vec4f();
    var p2 = vec4f();
    var p3 = vec4f();
    var p4 = vec4f();
    var p5 = vec4f();
    var p6 = vec4f();
    var p7 = vec4f();
    for (var j = 0u; j < PANEL; j++) {
      let a = xPanel[j * (2u * HIGH + 1u) + local.y * 2u];
      let b = xPanel[j * (2u * HIGH + 1u) + local.y * 2u + 1u];
      let c = wPanel[j * WROW + local.x];
      p0 = fma(vec4f(a.x), c, p0);
      p1 = fma(vec4f(a.y), c, p1);
      p2 = fma(vec4f(a.z), c, p2);
      p3 = fma(vec4f(a.w), c, p3);
      p4 = fma(vec4f(b.x), c, p4);
      p5 = fma(vec4f(b.y), c, p5);
      p6 = fma(vec4f(b.z), c, p6);
      p7 = fma(vec4f(b.w), c, p7);
    }
    t0 += p0;
    t1 += p1;
    t2 += p2;
    t3 += p3;
    t4 += p4;
    t5 += p5;
    t6 += p6;
    t7 += p7;
    workgroupBarrier();
  }
  let totals = array<vec4f, 8>(t0, t1, t2, t3, t4, t5, t6, t7);
  for (var i = 0u; i < 8u; i++) {
    let row = row0 + local.y * 8u + i;
    for (var j = 0u; j < 4u; j++) {
      let column = column0 + local.x + WIDE * j;
      if (row < params.rows && column < params.outputs) {
        let at = row * params.outputs + column;
        y[tile.z * params.rows * params.outputs + at] = epilogue(totals[i][j], row, column, at);
      }
    }
  }
}

// #include "lib/epilogue.wgsl"
