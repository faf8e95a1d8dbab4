"""Whether shaders/lib keeps its promises when a compiler reassociates: translates the functions to C++, compiles them with
g++ -O3 and with -ffast-math, and compares both with float64 over their range.

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

failed = False
with tempfile.TemporaryDirectory() as folder:
    here = pathlib.Path(folder)
    (here / 'lib.cpp').write_text(prelude + ''.join(translated(name) for name in allowed))
    (here / 'main.cpp').write_text(driver)
    for flags in ['-O3', '-O3 -ffast-math', '-O3 -ffast-math -march=native']:
        subprocess.run(f'g++ {flags} -c lib.cpp && g++ -O2 -c main.cpp && g++ main.o lib.o -o run', shell=True, check=True, cwd=here)
        out = subprocess.run(['./run'], capture_output=True, text=True, check=True, cwd=here).stdout.split()
        for name, error in zip(allowed, map(float, out)):
            bad = not error <= allowed[name]
            failed |= bad
            print(f'{flags:32} {name:11} {error:.2g}, allowed {allowed[name]:.0e}{"  FAILED" if bad else ""}')
        ends = out[3:]
        good = ends == ['7f800000', '0', '7fc00000', 'ffc00000', '7f800000', '0']
        failed |= not good
        print(f'{flags:32} exp_exact of ∞, −∞, NaN, −NaN, 89, −88: {"right" if good else "FAILED: " + " ".join(ends)}')
sys.exit(1 if failed else 0)
