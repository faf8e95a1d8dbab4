"""What a compiler that reassociates does to our arithmetic. Compiled with g++ -O3 and with -ffast-math, and compared with
float64:

- the functions of shaders/lib, translated to C++, over their range: they must keep their promises;
- sums in two levels, and layer norm's x − mean − rest, in C++ as in shaders/linear.wgsl and layer_norm.wgsl, beside a
  plain sum and a layer norm without rest: they may lose what they gain, and nothing more.

    python3 bench/reassociation.py        (needs g++ and nothing else)
"""
import pathlib
import re
import subprocess
import sys
import tempfile

root = pathlib.Path(__file__).resolve().parent.parent
# What is allowed: relative error, or absolute where the value itself is small beside 1.
allowed = {'exp_exact': 3e-7, 'tanh_exact': 4e-7, 'erfc_exact': 2e-6}

prelude = '''
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstring>
typedef float f32; typedef int32_t i32; typedef uint32_t u32;
template <class To, class From> static inline To bitcast(From v) { To r; std::memcpy(&r, &v, 4); return r; }
template <class T> static inline T select(T no, T yes, bool which) { return which ? yes : no; }
static inline f32 clamp(f32 v, f32 a, f32 b) { return std::fmin(std::fmax(v, a), b); }
static inline f32 abs_(f32 v) { return std::fabs(v); }
static inline f32 round_(f32 v) { return std::nearbyint(v); }
'''


def translated(name):
    text = (root / f'shaders/lib/{name}.wgsl').read_text()
    body = re.search(rf'^fn {name}\(v: f32\) -> f32 \{{(.*?)^\}}', text, re.M | re.S).group(1)
    body = re.sub(r'//.*', '', body)
    body = re.sub(r'\b(\d+\.\d+(?:e-?\d+)?)\b', r'\1f', body)
    body = re.sub(r'\b(let|var) (\w+) =', r'auto \2 =', body)
    body = re.sub(r'\bsigned\b', 'signed_', body)
    body = re.sub(r'\babs\(', 'abs_(', re.sub(r'\bround\(', 'round_(', body))
    return f'extern "C" __attribute__((noinline)) f32 {name}(f32 v) {{{body}}}\n'


driver = '''
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstring>
extern "C" float exp_exact(float); extern "C" float tanh_exact(float); extern "C" float erfc_exact(float);
static double error(double got, double want, bool relative) {
  return std::fabs(got - want) / (relative ? want : std::fmax(std::fabs(want), 0.01));
}
int main() {
  double worst[3] = {0, 0, 0};
  for (uint64_t bits = 0; bits < 0x100000000ull; bits += 997) {
    uint32_t u = (uint32_t)bits; float v; std::memcpy(&v, &u, 4);
    if (!(std::fabs(v) < 1e30f)) continue;
    if (v > -87.0f && v < 88.7f) worst[0] = std::fmax(worst[0], error(exp_exact(v), std::exp((double)v), true));
    worst[1] = std::fmax(worst[1], error(tanh_exact(v), std::tanh((double)v), false));
    worst[2] = std::fmax(worst[2], error(erfc_exact(v), std::erfc((double)v), false));
  }
  const uint32_t ends[] = {0x7f800000u, 0xff800000u, 0x7fc00000u, 0xffc00000u, 0x42b20000u, 0xc2b00000u};
  printf("%.3g %.3g %.3g", worst[0], worst[1], worst[2]);
  for (uint32_t u : ends) { float v, r; std::memcpy(&v, &u, 4); r = exp_exact(v); std::memcpy(&u, &r, 4); printf(" %x", u); }
}
'''

# Functions in a file of their own, so that the flags reach them and nothing is known of their arguments. A row of 1024
# numbers; the sums are of products, as in a linear layer, and the rows of layer norm have a mean of 1000 deviations.
sums = '''
extern "C" __attribute__((noinline)) float plain(const float* x, const float* w, int n) {
  float sum = 0;
  for (int i = 0; i < n; i++) sum += x[i] * w[i];
  return sum;
}
extern "C" __attribute__((noinline)) float two_levels(const float* x, const float* w, int n) {
  float sum = 0;
  for (int i = 0; i < n; i += 16) {
    float panel = 0;
    for (int j = 0; j < 16; j++) panel += x[i + j] * w[i + j];
    sum += panel;
  }
  return sum;
}
template <bool with_rest> static void normalise(const float* x, float* y, int n) {
  float sum = 0;
  for (int i = 0; i < n; i++) sum += x[i];
  float mean = sum / n, centred = 0, squares = 0;
  for (int i = 0; i < n; i++) { float v = x[i] - mean; centred += v; squares += v * v; }
  float rest = with_rest ? centred / n : 0;
  float factor = 1 / __builtin_sqrtf(squares / n - rest * rest + 1e-6f);
  for (int i = 0; i < n; i++) y[i] = (x[i] - mean - rest) * factor;
}
extern "C" __attribute__((noinline)) void norm(const float* x, float* y, int n) { normalise<true>(x, y, n); }
extern "C" __attribute__((noinline)) void norm_plain(const float* x, float* y, int n) { normalise<false>(x, y, n); }
'''
sums_driver = '''
#include <cmath>
#include <cstdint>
#include <cstdio>
extern "C" float plain(const float*, const float*, int); extern "C" float two_levels(const float*, const float*, int);
extern "C" void norm(const float*, float*, int); extern "C" void norm_plain(const float*, float*, int);
static uint32_t state = 1;
static float uniform() { state = state * 1664525u + 1013904223u; return (state >> 8) * 5.9604645e-8f; }
int main() {
  const int n = 1024, rows = 500;
  double difference[4] = {0, 0, 0, 0}, size[2] = {0, 0};
  for (int row = 0; row < rows; row++) {
    float x[n], w[n], y[n], z[n];
    for (int i = 0; i < n; i++) { x[i] = uniform(); w[i] = uniform(); }
    double exact = 0;
    for (int i = 0; i < n; i++) exact += (double)x[i] * w[i];
    difference[0] += std::pow(plain(x, w, n) - exact, 2);
    difference[1] += std::pow(two_levels(x, w, n) - exact, 2);
    size[0] += exact * exact;
    double mean = 0, squares = 0;
    for (int i = 0; i < n; i++) { x[i] = 290 + uniform(); mean += x[i]; }
    mean /= n;
    for (int i = 0; i < n; i++) squares += (x[i] - mean) * (x[i] - mean);
    double deviation = std::sqrt(squares / n + 1e-6);
    norm_plain(x, y, n); norm(x, z, n);
    for (int i = 0; i < n; i++) {
      double want = (x[i] - mean) / deviation;
      difference[2] += (y[i] - want) * (y[i] - want); difference[3] += (z[i] - want) * (z[i] - want); size[1] += want * want;
    }
  }
  for (int k = 0; k < 4; k++) printf("%.3g ", std::sqrt(difference[k] / size[k / 2]));
}
'''


def program(here, name, library, main, flags):
    (here / f'{name}.cpp').write_text(library)
    (here / f'{name}_main.cpp').write_text(main)
    build = f'g++ {flags} -c {name}.cpp && g++ -O2 -c {name}_main.cpp && g++ {name}_main.o {name}.o -o {name}'
    subprocess.run(build, shell=True, check=True, cwd=here)
    return subprocess.run([f'./{name}'], capture_output=True, text=True, check=True, cwd=here).stdout.split()


failed = False
with tempfile.TemporaryDirectory() as folder:
    here = pathlib.Path(folder)
    library = prelude + ''.join(translated(name) for name in allowed)
    for flags in ['-O3', '-O3 -ffast-math', '-O3 -ffast-math -march=native']:
        out = program(here, 'lib', library, driver, flags)
        for name, error in zip(allowed, map(float, out)):
            bad = not error <= allowed[name]
            failed |= bad
            print(f'{flags:32} {name:11} {error:.2g}, allowed {allowed[name]:.0e}{"  FAILED" if bad else ""}')
        ends = out[3:]
        good = ends == ['7f800000', '0', '7fc00000', 'ffc00000', '7f800000', '0']
        failed |= not good
        print(f'{flags:32} exp_exact of ∞, −∞, NaN, −NaN, 89, −88: {"right" if good else "FAILED: " + " ".join(ends)}')
        plain, levels, norm_plain, norm = map(float, program(here, 'sums', sums, sums_driver, flags))
        # As good as the plain form, but for the luck of one order of summation.
        lost = not (levels <= 1.5 * plain and norm <= 1.5 * norm_plain)
        failed |= lost
        print(f'{flags:32} sums of 1024: plain {plain:.2g}, two levels {levels:.2g}; '
              f'layer norm: without rest {norm_plain:.2g}, with {norm:.2g}{"  FAILED" if lost else ""}')
sys.exit(1 if failed else 0)
