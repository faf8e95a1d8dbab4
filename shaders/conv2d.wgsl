// Convolution of pictures as a matrix product, the columns never laid out in memory (implicit GEMM):
//
//   y[b,o,Y,X] = (activation(d[b,o] · Σ_{i,ky,kx} w[ky,kx,i,o] · s[b,i] · x[b,i, Y·stride+ky−pad, X·stride+kx−pad] + bias[o])
//                 + addend[b,o,Y,X]) · factor
//
//   x        [batch, inputs, height, width], zero outside; frames are frameStride apart (0: all frames share one x)
//   w        [taps, inputs, outputs rounded up to 4]: a tap's weights lie together, neighbouring outputs side by side
//   inScale  s = inScale[scaleOffset + b·scaleStride + i], the style of a modulated convolution
//   outScale d [batch, outputs] from outScaleOffset, its demodulation
//   bias     [outputs]
//   addend   as y
//   y        [splits, batch, outputs, outHeight, outWidth]; with splits > 1 all that follows the sum is left to the join
//
// Transposed convolution (3×3, stride 2, y[2v+ky, 2u+kx] += x[v,u]·w[ky,kx]): outputs of one parity (Y mod 2, X mod 2),
// a phase, are an ordinary convolution of x with 2×2, 2×1, 1×2 or 1×1 taps; `phases` is then 4, w holds their 4 + 2 + 2
// + 1 taps one phase after the other, and the phase is part of workgroup_id.z.
//
// One workgroup makes 8·HIGH outputs × 4·WIDE positions (Y, X counted as one axis) of one frame with WIDE×HIGH
// invocations, a block of 8×4 each. Sixteen inputs of one tap at a time, a panel, it copies their values of x and their
// weights to shared memory. Each panel is summed by itself before it joins the total, which keeps the rounding error of
// a long sum small. Where positions are few, the panels are dealt out to `splits` workgroups, whose sums
// conv2d_join.wgsl adds up.

override WIDE: u32 = 32;
override HIGH: u32 = 4;
override TRANSPOSED: bool = false;

// #include "lib/conv2d_bindings.wgsl"

const PANEL = 16u;

var<workgroup> xPanel: array<vec4f, PANEL * WIDE>; // [input][position mod WIDE]
var<workgroup> wPanel: array<vec4f, PANEL * 2 * HIGH>; // [input][output/4]

@compute @workgroup_size(WIDE, HIGH)
fn main(
  @builtin(workgroup_id) tile: vec3u,
  @builtin(local_invocation_id) local: vec3u,
  @builtin(local_invocation_index) index: u32,
) {
  let phase = tile.z % params.phases;
  let split = tile.z / params.phases;
  var taps = vec2u(params.kernel); // in x, in y
  var pad = vec2u(params.pad);
  var firstTap = 0u;
  let parity = vec2u(phase & 1u, phase >> 1u);
  if (TRANSPOSED) {
    taps = 2u - parity;
    pad = 1u - parity;
    firstTap = select(phase * 2u + 2u, 0u, phase == 0u);
  }

  // This invocation's four positions: it copies their values and computes their sums. They are WIDE apart, so that
  // neighbours read and write neighbouring values.
  let gridWidth = select(params.outWidth, params.width + 1u, TRANSPOSED);
  let gridHeight = select(params.outHeight, params.height + 1u, TRANSPOSED);
  let tilesPerFrame = (gridWidth * gridHeight + 4u * WIDE - 1u) / (4u * WIDE);
  let frame = tile.x / tilesPerFrame;
  let position = tile.x % tilesPerFrame * (4u * WIDE) + local.x + WIDE * vec4u(0u, 1u, 2u, 3u);
  let column = position % gridWidth;
  let row = position / gridWidth;
  let plane = params.height * params.width;
  let scaleAt = params.scaleOffset + frame * params.scaleStride;

  let output0 = tile.y * HIGH * 8u;
  let output4 = (params.outputs + 3u) / 4u;

  let panelsPerTap = (params.inputs + PANEL - 1u) / PANEL;
  let panels = taps.x * taps.y * panelsPerTap;
  let end = panels * (split + 1u) / params.splits;
  // Sums of the eight outputs, in variables rather than an array: an array that is indexed by a variable anywhere may
  // be put in memory everywhere.
  var t0 = vec4f();
  var t1 = vec4f();
  var t2 = vec4f();
  var t3 = vec4f();
  var t4 = vec4f();
  var t5 = vec4f();
  var t6 = vec4f();
  var t7 = vec4f();
  // The tap of a panel and what it reads are worked out when the tap changes: no divisions in the loop.
  let firstPanel = panels * split / params.splits;
  var tap = firstPanel / panelsPerTap;
  var input0 = firstPanel % panelsPerTap * PANEL;
  var sourceColumn = column * params.stride + tap % taps.x - pad.x; // wraps round below 0
  var sourceRow = row * params.stride + tap / taps.x - pad.y;
  var tapColumn = tap % taps.x;
  var inside = (sourceColumn < vec4u(params.width)) & (sourceRow < vec4u(params.height));
  var address = frame * params.frameStride + sourceRow * params.width + sourceColumn;
  for (var panel = firstPanel; panel < end; panel++) {
    // Copies in loops that a compiler can count, so that it loads all values of a panel together.
    for (var j = 0u; j < PANEL / HIGH; j++) {
      let k = local.y + j * HIGH;
      let input = input0 + k;
      let known = inside & vec4<bool>(input < params.inputs);
      let at = select(vec4u(), address + input * plane, known);
      xPanel[k * WIDE + local.x] = select(vec4f(), vec4f(vec4<Value>(x[at.x], x[at.y], x[at.z], x[at.w])), known);
    }
    for (var j = 0u; j < 2u * PANEL / WIDE; j++) {
      let at = index + j * WIDE * HIGH;
      let input = input0 + at / (2u * HIGH);
      let output = output0 / 4u + at % (2u * HIGH);
      var weights = vec4f();
      if (input < params.inputs && output < output4) {
        weights = vec4f(w[((firstTap + tap) * params.inputs + input) * output4 + output]);
        if (params.hasInScale != 0u) {
          weights *= inScale[scaleAt + input];
        }
      }
      wPanel[at] = weights;
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
    for (var k = 0u; k < PANEL; k++) {
      let a = wPanel[k * 2u * HIGH + local.y * 2u];
      let b = wPanel[k * 2u * HIGH + local.y * 2u + 1u];
      let c = xPanel[k * WIDE + local.x];
      p0 = fma(vec4f(a.x), c, p0);
      p1 = fma(vec4f(a.y), c, p1);
      p2 = fma(vec4f(a.z), c, p2);
      p3 = fma(vec4f(a.w), c, p3);
      p4 = fma(vec4f(b.x), c, p4);
      p5 = fma(vec4f(b.y), c, p5);
      p6 = fma(vec4f(b.z), c, p6);
      p7 = fma(vec4f(b.w), c, p7);
    }
    // The zeros around x are terms of a convolution, which 0·∞ makes NaN, as in PyTorch, but not of a transposed one.
    let counted = inside | vec4<bool>(!TRANSPOSED);
    t0 += select(vec4f(), p0, counted);
    t1 += select(vec4f(), p1, counted);
    t2 += select(vec4f(), p2, counted);
    t3 += select(vec4f(), p3, counted);
    t4 += select(vec4f(), p4, counted);
    t5 += select(vec4f(), p5, counted);
    t6 += select(vec4f(), p6, counted);
    t7 += select(vec4f(), p7, counted);
    input0 += PANEL;
    if (input0 >= params.inputs) {
      input0 = 0u;
      tap++;
      tapColumn++;
      sourceColumn += vec4u(1u);
      if (tapColumn == taps.x) {
        tapColumn = 0u;
        sourceColumn -= vec4u(taps.x);
        sourceRow += vec4u(1u);
      }
      inside = (sourceColumn < vec4u(params.width)) & (sourceRow < vec4u(params.height));
      address = frame * params.frameStride + sourceRow * params.width + sourceColumn;
    }
    workgroupBarrier();
  }

  var totals = array<vec4f, 8>(t0, t1, t2, t3, t4, t5, t6, t7);
  let outColumn = select(column, 2u * column + parity.x, TRANSPOSED);
  let outRow = select(row, 2u * row + parity.y, TRANSPOSED);
  let wanted = (row < vec4u(gridHeight)) & (outRow < vec4u(params.outHeight)) & (outColumn < vec4u(params.outWidth));
  let outPlane = params.outHeight * params.outWidth;
  let splitStart = split * params.batch * params.outputs * outPlane;
  for (var i = 0u; i < 8u; i++) {
    let output = output0 + local.y * 8u + i;
    for (var j = 0u; j < 4u; j++) {
      if (output < params.outputs && wanted[j]) {
        let channel = frame * params.outputs + output;
        let at = channel * outPlane + outRow[j] * params.outWidth + outColumn[j];
        y[splitStart + at] = Result(finish(totals[i][j], output, channel, at));
      }
    }
  }
}

// #include "lib/finish.wgsl"
