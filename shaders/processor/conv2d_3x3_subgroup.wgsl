// The 3×3 convolution of conv2d.wgsl with stride 1 and a border of one zero, for adapters that are a processor with few
// lanes, and pictures whose width is a multiple of four.
//
// As conv2d_subgroup.wgsl, but the four positions of an invocation are neighbours in a row: six values of x, four of
// them in one load, serve all three taps of a row of the kernel. For three taps of four inputs that is 24 values of x
// and 36 of w for 576 multiply-adds.
//
// x4 and x are the same memory, in fours and one by one.
//
// On SwiftShader (4 lanes) 1.4 times as fast as conv2d_subgroup.wgsl; on llvmpipe (8 lanes), which loads faster and
// spills more, 0.7 times: docs/ladder.md.
enable subgroups;

// #include "lib/conv2d_bindings.wgsl"
@group(0) @binding(8) var<storage, read> x4: array<vec4<Value>>;

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
  for (var ky = 0u; ky < 3u; ky++) {
    let sourceRow = row + ky - 1u; // wraps round below 0
    let inside = sourceRow < params.height;
    let address = select(0u, frame * params.frameStride + sourceRow * params.width + column, inside);
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
        let at = address + (i + (vec4u(quadLane) ^ vec4u(0u, 1u, 2u, 3u))) * plane;
        let centre = mat4x4f(
          select(vec4f(), four(at.x), inside),
          select(vec4f(), four(at.y), inside),
          select(vec4f(), four(at.z), inside),
          select(vec4f(), four(at.w), inside),
        );
        let left = select(vec4f(), one(at - select(0u, 1u, hasLeft)), inside && hasLeft); // of four inputs
        let right = select(vec4f(), one(at + select(0u, 4u, hasRight)), inside && hasRight);
        let t = transpose(centre); // [position] of inputs
        let before = transpose(mat4x4f(left, t[0], t[1], t[2]));
        let after = transpose(mat4x4f(t[1], t[2], t[3], right));
        let own = i + quadLane;
        var scale = 1.0;
        if (params.hasInScale != 0u) {
          scale = inScale[scaleAt + own];
        }
        let weights = (ky * 3u * params.inputs + own) * output4;
        let a = columns + weights;
        let b = a + tapStride;
        let c = b + tapStride;
        let beforeA = transpose(ofQuad(scale * vec4f(w[a.x])));
        let centreA = transpose(ofQuad(scale * vec4f(w[b.x])));
        let afterA = transpose(ofQuad(scale * vec4f(w[c.x])));
        p0 += before * beforeA[0] + centre * centreA[0] + after * afterA[0];
        p1 += before * beforeA[1] + centre * centreA[1] + after * afterA[1];
        p2 += before * beforeA[2] + centre * centreA[2] + after * afterA[2];
        p3 += before * beforeA[3] + centre * centreA[3] + after * afterA[3];
        let beforeB = transpose(ofQuad(scale * vec4f(w[a.y])));
        let centreB = transpose(ofQuad(scale * vec4f(w[b.y])));
        let afterB = transpose(ofQuad(scale * vec4f(w[c.y])));
        p4 += before * beforeB[0] + centre * centreB[0] + after * afterB[0];
        p5 += before * beforeB[1] + centre * centreB[1] + after * afterB[1];
        p6 += before * beforeB[2] + centre * centreB[2] + after * afterB[2];
        p7 += before * beforeB[3] + centre * centreB[3] + after * afterB[3];
        let beforeC = transpose(ofQuad(scale * vec4f(w[a.z])));
        let centreC = transpose(ofQuad(scale * vec4f(w[b.z])));
        let afterC = transpose(ofQuad(scale * vec4f(w[c.z])));
        p8 += before * beforeC[0] + centre * centreC[0] + after * afterC[0];
        p9 += before * beforeC[1] + centre * centreC[1] + after * afterC[1];
        p10 += before * beforeC[2] + centre * centreC[2] + after * afterC[2];
        p11 += before * beforeC[3] + centre * centreC[3] + after * afterC[3];
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
    let output = first4 * 4u + i;
    for (var j = 0u; j < 4u; j++) {
      if (output < params.outputs && row < params.height) {
        let channel = frame * params.outputs + output;
        let at = channel * plane + position + j;
        y[at] = Result(finish(totals[i][j], output, channel, at));
      }
    }
  }
}

// Four neighbours of one input.
fn four(at: u32) -> vec4f {
  return vec4f(x4[at / 4u]);
}

// One value of each of four inputs.
fn one(at: vec4u) -> vec4f {
  return vec4f(vec4<Value>(x[at.x], x[at.y], x[at.z], x[at.w]));
}

// #include "lib/finish.wgsl"
// #include "lib/of_quad.wgsl"
