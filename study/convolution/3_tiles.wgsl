// The 3×3 convolution with a border of one zero as a product of matrices (implicit GEMM):
//
//   y[o,p] = Σ_q W[q,o] · patch[q,p],  q = (ky,kx,i), p = (Y,X),  patch[q,p] = x[i, Y+ky−1, X+kx−1]
//
//   x [inputs, height, width]   zero outside
//   w [9, inputs, outputs/4]    W as it lies there; outputs is a multiple of four
//   y [outputs, height, width]
//
// A workgroup makes 32 outputs × 32 positions with 8×8 invocations, each a block of 4×4, as product/4_blocks.wgsl.
// Unlike 2_outputs.wgsl it copies 16 inputs of one tap, of x and of w, to shared memory, and both are used again: 2
// loads of four there for 16 multiply-adds. The matrix `patch`, nine times the size of x, is gathered panel by panel
// and never laid out.

struct Params {
  inputs: u32,
  outputs: u32,
  height: u32,
  width: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> w: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

const TILE = 32u;
const PANEL = 16u;

var<workgroup> xPanel: array<vec4f, 128>; // [input][position/4]
var<workgroup> wPanel: array<vec4f, 128>; // [input][output/4]

@compute @workgroup_size(8, 8)
fn main(@builtin(workgroup_id) tile: vec3u, @builtin(local_invocation_id) local: vec3u) {
  let plane = params.height * params.width;
  let position = tile.x * TILE + local.x * 4u + vec4u(0u, 1u, 2u, 3u);
  let output4 = params.outputs / 4u;
  let copyOutput = min(tile.y * TILE / 4u + local.x, output4 - 1u);
  var t0 = vec4f();
  var t1 = vec4f();
  var t2 = vec4f();
  var t3 = vec4f();
  for (var tap = 0u; tap < 9u; tap++) {
    let row = position / params.width + tap / 3u - 1u; // wraps round below 0
    let column = position % params.width + tap % 3u - 1u;
    let inside = (row < vec4u(params.height)) & (column < vec4u(params.width));
    let address = select(vec4u(), row * params.width + column, inside);
    for (var i0 = 0u; i0 < params.inputs; i0 += PANEL) {
      for (var k = local.y; k < PANEL; k += 8u) {
        let input = min(i0 + k, params.inputs - 1u);
        let at = address + input * plane;
        xPanel[k * 8u + local.x] = select(vec4f(), vec4f(x[at.x], x[at.y], x[at.z], x[at.w]), inside);
        let weights = w[(tap * params.inputs + input) * output4 + copyOutput];
        wPanel[k * 8u + local.x] = select(vec4f(), weights, i0 + k < params.inputs);
      }
      workgroupBarrier();
      for (var k = 0u; k < PANEL; k++) {
        let a = wPanel[k * 8u + local.y];
        let b = xPanel[k * 8u + local.x];
        t0 = fma(vec4f(a.x), b, t0);
        t1 = fma(vec4f(a.y), b, t1);
        t2 = fma(vec4f(a.z), b, t2);
        t3 = fma(vec4f(a.w), b, t3);
      }
      workgroupBarrier();
    }
  }
  let sums = array<vec4f, 4>(t0, t1, t2, t3);
  for (var i = 0u; i < 4u; i++) {
    let output = tile.y * TILE + local.y * 4u + i;
    for (var j = 0u; j < 4u; j++) {
      if (output < params.outputs && position[j] < plane) {
        y[output * plane + position[j]] = sums[i][j];
      }
    }
  }
}
