// The convolution of conv2d.wgsl, with the same bindings, for adapters that are a processor: without shared memory and
// barriers, which cost more there than they save. Inputs come in fours.
//
// A workgroup is a few lanes of SIMD. One makes 12 outputs × 32 positions, an invocation 12 × 4. Every lane needs all
// the weights, so the lanes of a quad share the loading: lane q loads the weights of input i + q, four outputs at once,
// and swaps with its neighbours bring those of inputs i + (q ⊕ 1), i + (q ⊕ 2) and i + (q ⊕ 3), ⊕ the exclusive or. A
// sum over inputs may be taken in any order, so each lane takes its own: with its four positions' values of these
// inputs as a matrix X, output o gains X · w[inputs, o]: 16 values of x and 12 of w for 192 multiply-adds. Subgroups of
// any size from 4 on will do.
//
// Three to five times as fast as conv2d.wgsl on llvmpipe and SwiftShader: docs/ladder.md.
enable subgroups;

// #include "lib/conv2d_bindings.wgsl"

const LANES = 8u;
const POSITIONS = 4u * LANES;
const OUTPUTS = 12u;
const PANEL = 256u; // inputs summed by themselves before they join the total

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) tile: vec3u,
  @builtin(local_invocation_index) index: u32,
  @builtin(subgroup_invocation_id) lane: u32,
) {
  let transposed = params.phases == 4u;
  let phase = tile.z;
  var taps = vec2u(params.kernel);
  var pad = vec2u(params.pad);
  var firstTap = 0u;
  let parity = vec2u(phase & 1u, phase >> 1u);
  if (transposed) {
    taps = 2u - parity;
    pad = 1u - parity;
    firstTap = select(phase * 2u + 2u, 0u, phase == 0u);
  }
  let gridWidth = select(params.outWidth, params.width + 1u, transposed);
  let gridHeight = select(params.outHeight, params.height + 1u, transposed);
  let tilesPerFrame = (gridWidth * gridHeight + POSITIONS - 1u) / POSITIONS;
  let frame = tile.x / tilesPerFrame;
  let position = tile.x % tilesPerFrame * POSITIONS + index + vec4u(0u, LANES, 2u * LANES, 3u * LANES);
  let column = position % gridWidth;
  let row = position / gridWidth;
  let plane = params.height * params.width;
  let scaleAt = params.scaleOffset + frame * params.scaleStride;

  // Twelve outputs as three of four. Beyond the last, weights of others are summed and the sums not stored.
  let output4 = (params.outputs + 3u) / 4u;
  let first4 = tile.y * (OUTPUTS / 4u);
  let columns = min(first4 + vec3u(0u, 1u, 2u), vec3u(output4 - 1u));
  let quadLane = lane & 3u;

  // Sums of the twelve outputs at four positions, in variables rather than matrices, which some compilers keep in
  // memory.
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
  for (var tap = 0u; tap < taps.x * taps.y; tap++) {
    let sourceColumn = column * params.stride + tap % taps.x - pad.x; // wraps round below 0
    let sourceRow = row * params.stride + tap / taps.x - pad.y;
    let inside = (sourceColumn < vec4u(params.width)) & (sourceRow < vec4u(params.height));
    let counted = inside | vec4<bool>(!transposed); // see conv2d.wgsl
    let address = select(vec4u(), frame * params.frameStride + sourceRow * params.width + sourceColumn, inside);
    for (var input0 = 0u; input0 < params.inputs; input0 += PANEL) {
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
      for (var i = input0; i < min(input0 + PANEL, params.inputs); i += 4u) {
        let own = i + quadLane;
        var scale = 1.0;
        if (params.hasInScale != 0u) {
          scale = inScale[scaleAt + own];
        }
        let weights = ((firstTap + tap) * params.inputs + own) * output4;
        let a = scale * vec4f(w[weights + columns.x]);
        let b = scale * vec4f(w[weights + columns.y]);
        let c = scale * vec4f(w[weights + columns.z]);
        let input = (i + (vec4u(quadLane) ^ vec4u(0u, 1u, 2u, 3u))) * plane;
        let X = mat4x4f(
          select(vec4f(), values(address + input.x), inside),
          select(vec4f(), values(address + input.y), inside),
          select(vec4f(), values(address + input.z), inside),
          select(vec4f(), values(address + input.w), inside),
        );
        let ofA = transpose(ofQuad(a));
        let ofB = transpose(ofQuad(b));
        let ofC = transpose(ofQuad(c));
        p0 += X * ofA[0];
        p1 += X * ofA[1];
        p2 += X * ofA[2];
        p3 += X * ofA[3];
        p4 += X * ofB[0];
        p5 += X * ofB[1];
        p6 += X * ofB[2];
        p7 += X * ofB[3];
        p8 += X * ofC[0];
        p9 += X * ofC[1];
        p10 += X * ofC[2];
        p11 += X * ofC[3];
      }
      t0 += select(vec4f(), p0, counted);
      t1 += select(vec4f(), p1, counted);
      t2 += select(vec4f(), p2, counted);
      t3 += select(vec4f(), p3, counted);
      t4 += select(vec4f(), p4, counted);
      t5 += select(vec4f(), p5, counted);
      t6 += select(vec4f(), p6, counted);
      t7 += select(vec4f(), p7, counted);
      t8 += select(vec4f(), p8, counted);
      t9 += select(vec4f(), p9, counted);
      t10 += select(vec4f(), p10, counted);
      t11 += select(vec4f(), p11, counted);
    }
  }

  let totals = array<vec4f, 12>(t0, t1, t2, t3, t4, t5, t6, t7, t8, t9, t10, t11);
  let outColumn = select(column, 2u * column + parity.x, transposed);
  let outRow = select(row, 2u * row + parity.y, transposed);
  let wanted = (row < vec4u(gridHeight)) & (outRow < vec4u(params.outHeight)) & (outColumn < vec4u(params.outWidth));
  let outPlane = params.outHeight * params.outWidth;
  for (var i = 0u; i < OUTPUTS; i++) {
    let output = first4 * 4u + i;
    for (var j = 0u; j < 4u; j++) {
      if (output < params.outputs && wanted[j]) {
        let channel = frame * params.outputs + output;
        let at = channel * outPlane + outRow[j] * params.outWidth + outColumn[j];
        y[at] = Result(finish(totals[i][j], output, channel, at));
      }
    }
  }
}

// One input's values at four positions.
fn values(at: vec4u) -> vec4f {
  return vec4f(vec4<Value>(x[at.x], x[at.y], x[at.z], x[at.w]));
}

// #include "lib/finish.wgsl"
// #include "lib/of_quad.wgsl"
