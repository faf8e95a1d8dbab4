"""The same model in PyTorch, stage by stage, to stand beside `npm run bench`: eager and compiled; float32, TF32 and half precision.

    python3 bench/torch_baseline.py [--sizes tiny|demo|full] [--device cuda|cpu] [--seconds 10] [--check] [--json FILE]

Modules are those of torch_model.py and torch_speech.py with the golden sets' weights; --check compares them with the golden tensors first.
"""
import argparse
import json
import math
import platform
import sys
import time
from functools import partial

try:
    import torch
except ImportError:
    sys.exit('PyTorch is not installed: pip install torch')

from torch_golden import check, normalised, read_weights, relative_error
from torch_speech import Float
from torch_training import training_step

nfe = 10
fps = 25
guidance = (2.0, 1.0)


def set_precision(precision):
    """TF32 rounds the factors of matrix products and convolutions to 10 bits; only NVIDIA cards have it."""
    tf32 = precision == 'tf32'
    torch.backends.cuda.matmul.allow_tf32 = tf32
    torch.backends.cudnn.allow_tf32 = tf32
    return {'f16': torch.float16, 'bf16': torch.bfloat16}.get(precision, torch.float32)


def best_time(work, device, budget):
    """Milliseconds of the fastest run, after two; on a graphics card between two events of its own clock."""
    for _ in range(2):
        work()
    best, ends = math.inf, time.perf_counter() + budget
    while best == math.inf or time.perf_counter() < ends:
        if device.type == 'cuda':
            start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
            torch.cuda.synchronize()
            start.record()
            work()
            end.record()
            end.synchronize()
            best = min(best, start.elapsed_time(end))
        else:
            started = time.perf_counter()
            work()
            best = min(best, 1000 * (time.perf_counter() - started))
    return best


class Stages:
    """The model's parts as functions, compiled if asked for, and inputs of the sizes that matter."""

    def __init__(self, model, mode, dtype, device, seconds, batch):
        self.samples = model.audio_encoder.samples
        self.frames, self.before = model.fmt.frames, model.fmt.before
        compiled = partial(torch.compile, dynamic=False) if mode == 'compiled' else lambda function: function
        autoencoder = model.motion_autoencoder
        self.encode, self.decode = compiled(autoencoder.enc), compiled(autoencoder.dec)
        self.guided = compiled(model.fmt.guided)
        self.audio, self.emotion = compiled(model.audio_encoder), compiled(model.emotion_encoder)
        self.batch, self.device, self.dtype = batch, device, dtype
        # The same inputs whatever the mode and precision, so that results can be compared.
        generator = torch.Generator().manual_seed(15)
        noise = lambda *shape: torch.randn(*shape, generator=generator).to(device, dtype)
        self.length = round(seconds * fps)
        self.wave = normalised(torch.randn(1, self.length * self.samples, generator=generator)).to(device, dtype)
        self.directions = autoencoder.directions().to(dtype)
        size = 8 * 2 ** (len(autoencoder.dec.to_flows) - 1)
        self.image = noise(1, 3, size, size).clamp(-1, 1)
        d = self.directions.shape[0]
        windows = -(-self.length // self.frames)
        self.noise = noise(windows, 1, self.frames, d)
        self.past = torch.zeros(2, 1, self.before, d, device=device, dtype=dtype)

    def window(self, x, wa, wr, we, prev_x, prev_wa):
        times = torch.linspace(0, 1, nfe, device=self.device)
        for now, then in zip(times[:-1], times[1:]):
            velocity = self.guided(now[None], x, wa, wr, we, prev_x, prev_wa, *guidance)
            x = x + ((then - now) * velocity[:, self.before :]).to(x.dtype)
        return x

    def pipeline(self, windows=None):
        """The portrait and the speech to 8-bit frames in host memory; of all windows or the first few."""
        s_r, coefficients, features = self.encode(self.image)
        wr = coefficients @ self.directions.T
        wa, we = self.audio(self.wave), self.emotion(self.wave)
        prev_x, prev_wa = self.past
        frames = []
        for window, noise in enumerate(self.noise[:windows]):
            own = wa[:, window * self.frames : (window + 1) * self.frames]
            count = own.shape[1]
            own = torch.cat([own, own[:, -1:].expand(-1, self.frames - count, -1)], 1)
            x = self.window(noise, own, wr, we, prev_x, prev_wa)
            prev_x, prev_wa = x[:, -self.before :], own[:, -self.before :]
            latents = s_r + x[0, :count]
            for first in range(0, count, self.batch):
                some = latents[first : first + self.batch]
                # A compiled decoder knows one batch size.
                whole = torch.cat([some, some[-1:].expand(self.batch - len(some), -1)])
                pictures = (self.decode(whole, features)[: len(some)].clamp(-1, 1) + 1) * 127.5
                frames.append(pictures.byte().permute(0, 2, 3, 1).contiguous())
        return torch.cat([part.cpu() for part in frames])


def measure(stages, batches, budget):
    """Rows as bench/main.mjs has them, and results to compare precisions by."""
    device = stages.device
    rows = {}
    time_of = partial(best_time, device=device, budget=budget)
    s_r, coefficients, features = stages.encode(stages.image)
    wr = coefficients @ stages.directions.T
    rows['encode'] = time_of(lambda: stages.encode(stages.image))
    for batch in batches:
        latents = s_r.expand(batch, -1).contiguous()
        name = 'decode, a frame' if batch == 1 else f'decode, a frame of {batch}'
        rows[name] = time_of(lambda: stages.decode(latents, features)) / batch
    wa, we = stages.audio(stages.wave), stages.emotion(stages.wave)
    x = stages.noise[0]
    own = wa[:, :1].expand(-1, stages.frames, -1).contiguous()
    moment = torch.tensor([0.5], device=device)
    field = lambda: stages.guided(moment, x, own, wr, we, *stages.past, *guidance)
    rows['field, guided'] = time_of(field)
    seconds = f'{stages.length / fps:g} s'
    rows[f'audio, {seconds}'] = time_of(lambda: stages.audio(stages.wave))
    rows[f'emotion, {seconds}'] = time_of(lambda: stages.emotion(stages.wave))
    results = {'frame': stages.decode(s_r, features), 'field': field(), 'audio': wa, 'emotion': we}
    # The first window's past lies otherwise in memory than the later ones', for which compiled code is made anew.
    stages.pipeline(windows=2)
    started = time.perf_counter()
    stages.pipeline()
    if device.type == 'cuda':
        torch.cuda.synchronize()
    rows[f'pipeline, {seconds}'] = 1000 * (time.perf_counter() - started)
    return rows, {name: value.detach().float().cpu() for name, value in results.items()}


def print_table(columns):
    names = list(next(iter(columns.values())))
    lines = [['ms'] + list(columns)] + [[name] + [f'{column[name]:.3g}' for column in columns.values()] for name in names]
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    rows = [' | '.join(text.ljust(width) for text, width in zip(line, widths)) for line in lines]
    rule = ' | '.join('-' * width for width in widths)
    print('\n'.join(f'| {row} |' for row in [rows[0], rule, *rows[1:]]))


def arguments():
    cuda = torch.cuda.is_available()
    listed = lambda text: text.split(',')
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--sizes', choices=('tiny', 'demo', 'full'), default='full')
    parser.add_argument('--device', default='cuda' if cuda else 'cpu')
    parser.add_argument('--seconds', type=float, default=10, help='length of the speech')
    parser.add_argument('--modes', type=listed, default=['eager', 'compiled'], help='eager,compiled')
    parser.add_argument('--precisions', type=listed, help='f32,tf32,f16,bf16; on a processor f32')
    parser.add_argument('--batches', type=listed, default=['1', '8'], help='frames decoded at once')
    parser.add_argument('--budget', type=float, default=2, help='seconds of measuring for each figure')
    parser.add_argument('--check', action='store_true', help='compare with the golden tensors first')
    parser.add_argument('--training', type=int, metavar='BATCH', help='time a training step of the transformer instead')
    parser.add_argument('--json')
    flags = parser.parse_args()
    flags.precisions = flags.precisions or (['f32', 'tf32', 'f16'] if flags.device.startswith('cuda') else ['f32'])
    if flags.device.startswith('cuda') and not cuda:
        sys.exit('--device cuda: PyTorch finds no NVIDIA card here')
    return flags


def training(flags):
    device = torch.device(flags.device)
    set_precision('f32')
    sizes, weights = read_weights(flags.sizes)
    model = Float(sizes)
    model.load_state_dict(weights)
    forward, step = training_step(sizes, model.to(device), flags.training, device)
    time_of = partial(best_time, device=device, budget=flags.budget)
    times = {'forward': time_of(forward), 'step': time_of(step)}
    threads = f', {torch.get_num_threads()} threads' if device.type == 'cpu' else ''
    print(f'PyTorch {torch.__version__}{threads}: forward {times["forward"]:.1f} ms, step {times["step"]:.1f} ms')
    if flags.json:
        with open(flags.json, 'w') as file:
            json.dump(times, file)


@torch.no_grad()
def main(flags):
    device = torch.device(flags.device)
    name = torch.cuda.get_device_name(device) if device.type == 'cuda' else platform.processor() or platform.machine()
    print(f'PyTorch {torch.__version__} on {name}, {flags.sizes} sizes')
    sizes, weights = read_weights(flags.sizes)
    result = {'torch': torch.__version__, 'device': name, 'sizes': flags.sizes, 'times': {}, 'errors': {}, 'memory': {}}
    columns, reference = {}, None
    for precision in flags.precisions:
        dtype = set_precision(precision)
        model = Float(sizes)
        model.load_state_dict(weights)
        model = model.to(device, dtype).eval()
        if flags.check and precision == 'f32':
            result['golden'] = check(model, flags.sizes)
            for stage, (error, own) in result['golden'].items():
                print(f'golden {stage}: relative L2 error {error:.1e}; {own:.1e} is what float32 costs')
            print()
        for mode in flags.modes:
            key = f'{mode} {precision}'
            batches = [int(batch) for batch in flags.batches]
            if device.type == 'cuda':
                torch.cuda.reset_peak_memory_stats()
            stages = Stages(model, mode, dtype, device, flags.seconds, batches[-1])
            columns[key], values = measure(stages, batches, flags.budget)
            reference = reference or values
            errors = {stage: relative_error(value, reference[stage]) for stage, value in values.items()}
            result['errors'][key] = errors
            if device.type == 'cuda':
                result['memory'][key] = torch.cuda.max_memory_allocated() / 1e6
            print(f'{key}: ' + ', '.join(f'{stage} {error:.1e}' for stage, error in errors.items()) + f' from {next(iter(columns))}')
            torch.compiler.reset()
    print()
    print_table(columns)
    seconds = next(name for name in next(iter(columns.values())) if name.startswith('pipeline'))
    for key, column in columns.items():
        frames = stages.length / (column[seconds] / 1000)
        print(f'{key}: {frames:.1f} frames/s in the whole pipeline')
    result['times'] = columns
    if flags.json:
        with open(flags.json, 'w') as file:
            json.dump(result, file, indent=1)


flags = arguments()
training(flags) if flags.training else main(flags)
