// y[z,m,n] = Σ_k a[z,m,k] · b[z,k,n]
//
//   a [batch, rows, inner]
//   b [batch, inner, columns]
//   y [batch, rows, columns]
//
// linear.wgsl with an untransposed right factor and a batch in z: one workgroup makes a 64×64 tile of y with 16×16
// invocations, a 4×4 block each, sixteen k at a time through shared memory, every panel summed by itself.

struct Params {
  rows: u32,
  inner: u32,
  columns: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<f32>;
@group(0) @binding(2) var<storage, read> b: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

const TILE = 64u;
const PANEL = 16u;

var<workgroup> aPanel: array<vec4f, 256>; // [k][row/4]
var<workgroup> bPanel: array<vec4f, 256>; // [k][column/4]

@compute @workgroup_size(16, 16)
fn main(
  @builtin(workgroup_id) tile: vec3u,
  @builtin(local_invocation_id) local: vec3u,
  @builtin(local_invocation_index) index: u32,
) {
  let row0 = tile.y * TILE;
  let column0 = tile.x * TILE;
  let aOrigin = tile.z * params.rows * params.inner;
  let bOrigin = tile.z * params.inner * params.columns;
  // Copying: an invocation brings one k of four rows of a, neighbours neighbouring k; and of b four columns of one k,
  // neighbours neighbouring columns.
  let aK = index % PANEL;
  let aRow = index / PANEL * 4u;
  let bK = index / 16u;
  let bColumn = index % 16u * 4u;
  var total = array<vec4f, 4>();
  for (var k0 = 0u; k0 < params.inner; k0 += PANEL) {
    var aValues = vec4f();
    var bValues = vec4f();
    for (var i = 0u; i < 4u; i++) {
      let row = row0 + aRow + i;
      if (k0 + aK < params.inner && row < params.rows) {
        aValues[i] = a[aOrigin + row * params.inner + k0 + aK];
      }
      let column = column0 + bColumn + i;
      if (k0 + bK < params.inner && column < params.columns) {
        bValues[i] = b[bOrigin + (k0 + bK) * params.columns + column];
      }
    }
    aPanel[aK * 16u + aRow / 4u] = aValues;
    bPanel[bK * 16u + bColumn / 4u] = bValues;
    workgroupBarrier();
    var partial = array<vec4f, 4>();
    for (var k = 0u; k < PANEL; k++) {
      let left = aPanel[k * 16u + local.y];
      let right = bPanel[k * 16u + local.x];
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
    let row = row0 + local.y * 4u + i;
    for (var j = 0u; j < 4u; j++) {
      let column = column0 + local.x * 4u + j;
      if (row < params.rows && column < params.columns) {
        y[(tile.z * params.rows + row) * params.columns + column] = total[i][j];
      }
    }
  }
}
