// y[m,n] = Σ_k x[m,k] · w[n,k], each panel summed by itself.
//
//   x [rows, inputs]     row-major
//   w [outputs, inputs]  row-major
//   y [rows, outputs]
//
// Work is split as in 4_blocks.wgsl; the difference is for exactness alone. The sixteen terms of a panel are summed by
// themselves before they join the total. A float32 sum of K terms of either sign is off by some √K roundings of its own
// size, in two levels by √16 + √(K/16): with K = 1024, relative L2 error 1.7e-7 instead of 5.7e-7, for a sixteenth more
// additions and sixteen more registers.

struct Params {
  rows: u32,
  inputs: u32,
  outputs: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> w: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

const TILE = 32u;
const PANEL = 16u;

var<workgroup> xPanel: array<vec4f, 128>; // [k][row/4]
var<workgroup> wPanel: array<vec4f, 128>; // [k][column/4]

@compute @workgroup_size(8, 8)
fn main(
  @builtin(workgroup_id) tile: vec3u,
  @builtin(local_invocation_id) local: vec3u,
  @builtin(local_invocation_index) index: u32,
) {
  let row0 = tile.y * TILE;
  let column0 = tile.x * TILE;
  // Copying: an invocation brings one k of four rows of each operand, twice. Neighbours bring neighbouring k.
  let copyK = index % PANEL;
  // Sums of the four rows, in variables rather than an array: an array that is indexed by a variable anywhere may be
  // put in memory everywhere.
  var t0 = vec4f();
  var t1 = vec4f();
  var t2 = vec4f();
  var t3 = vec4f();
  for (var k0 = 0u; k0 < params.inputs; k0 += PANEL) {
    let known = k0 + copyK < params.inputs;
    let k = select(0u, k0 + copyK, known);
    for (var group = index / PANEL; group < TILE / 4u; group += 4u) {
      let offset = group * 4u + vec4u(0u, 1u, 2u, 3u);
      let xAt = min(row0 + offset, vec4u(params.rows - 1u)) * params.inputs + k;
      let wAt = min(column0 + offset, vec4u(params.outputs - 1u)) * params.inputs + k;
      xPanel[copyK * 8u + group] = select(vec4f(), vec4f(x[xAt.x], x[xAt.y], x[xAt.z], x[xAt.w]), known);
      wPanel[copyK * 8u + group] = select(vec4f(), vec4f(w[wAt.x], w[wAt.y], w[wAt.z], w[wAt.w]), known);
    }
    workgroupBarrier();
    var p0 = vec4f();
    var p1 = vec4f();
    var p2 = vec4f();
    var p3 = vec4f();
    for (var i = 0u; i < PANEL; i++) {
      let a = xPanel[i * 8u + local.y];
      let b = wPanel[i * 8u + local.x];
      p0 = fma(vec4f(a.x), b, p0);
      p1 = fma(vec4f(a.y), b, p1);
      p2 = fma(vec4f(a.z), b, p2);
      p3 = fma(vec4f(a.w), b, p3);
    }
    t0 += p0;
    t1 += p1;
    t2 += p2;
    t3 += p3;
    workgroupBarrier();
  }
  let sums = array<vec4f, 4>(t0, t1, t2, t3);
  for (var i = 0u; i < 4u; i++) {
    let row = row0 + local.y * 4u + i;
    for (var j = 0u; j < 4u; j++) {
      let column = column0 + local.x * 4u + j;
      if (row < params.rows && column < params.outputs) {
        y[row * params.outputs + column] = sums[i][j];
      }
    }
  }
}
