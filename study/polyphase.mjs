// StyleGAN2's upsampling layer, a 3×3 convolution transposed with stride 2 and then a blur, as one ordinary 3×3
// convolution with four times the outputs: a counter-example to "fewer launches are faster".
//
// On each axis, y[Y] = Σ_j f[j] · z[Y + j − 1] with f = [1,3,3,1]/4 (gain 2 an axis included), and z[2v + t] += w[t] ·
// x[v]. Together y[Y] = Σ_v K[Y − 1 − 2v] · x[v], K[t] = Σ_j f[j] · w[t + j] for t = −3 … 2. An output of parity p, Y =
// 2u + p, meets the neighbours v = u + d, d = −1, 0, 1, by K[p − 1 − 2d]: three taps an axis, nine in all, for each of
// the four parities. They are 36 multiply-adds for each input value and output channel, instead of 9 and a blur of 64
// multiply-adds for each output channel alone.

const blur = [1, 3, 3, 1].map((tap) => tap / 4);

/**
 * Composes weights `[outputs, inputs, 3, 3]` of a transposed convolution with the blur behind it.
 *
 * @returns float64 weights `[4·outputs, inputs, 3, 3]` of an ordinary convolution with a border of one zero; its
 *   channel
 * 4·o + 2·py + px is channel o at odd or even rows (py) and columns (px).
 */
export function polyphaseWeight(weight, { outputs, inputs }) {
  const composed = new Float64Array(4 * outputs * inputs * 9);
  composed.forEach((_, at) => {
    const [dx, dy] = [(at % 3) - 1, (Math.floor(at / 3) % 3) - 1];
    const i = Math.floor(at / 9) % inputs;
    const channel = Math.floor(at / (9 * inputs));
    const [o, py, px] = [channel >> 2, (channel >> 1) & 1, channel & 1];
    const [ty, tx] = [py - 1 - 2 * dy, px - 1 - 2 * dx];
    let sum = 0;
    for (let jy = 0; jy < 4; jy++) {
      for (let jx = 0; jx < 4; jx++) {
        const [ky, kx] = [ty + jy, tx + jx];
        if (ky < 0 || ky > 2 || kx < 0 || kx > 2) continue;
        sum += blur[jy] * blur[jx] * weight[((o * inputs + i) * 3 + ky) * 3 + kx];
      }
    }
    composed[at] = sum;
  });
  return composed;
}

/** Interleaves the parities: `[4·outputs, height, width]` → `[outputs, 2·height, 2·width]`. */
export function interleave(phases, { outputs, height, width }) {
  const y = new Float64Array(4 * outputs * height * width);
  y.forEach((_, at) => {
    const X = at % (2 * width);
    const Y = Math.floor(at / (2 * width)) % (2 * height);
    const o = Math.floor(at / (4 * width * height));
    const channel = 4 * o + 2 * (Y % 2) + (X % 2);
    y[at] = phases[(channel * height + (Y >> 1)) * width + (X >> 1)];
  });
  return y;
}
