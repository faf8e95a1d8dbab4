"""Writes a golden set (golden/README.md) from the official PyTorch model and its weights, for `float verify`.

    python tools/export_golden.py --float-repo FLOAT --checkpoints FLOAT/checkpoints \\
        --image face.png --audio speech.wav --out OUT
    float verify OUT --weights FLOAT/checkpoints

Run it where the official `generate.py` runs. The image is already cropped, S×S (512×512), the audio 16-bit mono at
16 kHz. Stage by stage the model runs twice, in float32 and in float64: the second are the golden values, the difference
is what single precision costs, and what `float verify` measures by. Of the model only the parts of a stage are in float64 at
a time (some 5 GB in all, an estimate; minutes). No weights are copied.
"""
from __future__ import annotations

import argparse
import math
import pathlib
import sys
from typing import Any, Mapping, Optional, Sequence

import numpy as np
import torch

from golden_export.files import (
    ExportError, read_json, read_png, read_safetensors, read_wave, write_json, write_png, write_stage, write_wave)
from golden_export.official import SPEECH, build, commit_of, configuration, reach
from golden_export.stages import NEEDS, Inputs, compute, frames_of, kept_frames, parse_run

RUNS = 'euler.n10.S2E.a2.e1,euler.n10.happy.a2.e3,euler.n3.S2E.a1.e1'
ASSUMED_ERROR = 5e-6
"""With --no-float64: float32's error is not known; golden/full's worst is 1.6e-5, its median 1e-6."""


def main(arguments: Sequence[str]) -> int:
    flags = parse(arguments)
    try:
        export(flags)
    except ExportError as error:
        print(f'export_golden: {error}', file=sys.stderr)
        return 2
    return 0


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    folder = pathlib.Path
    parser.add_argument('--float-repo', type=folder, required=True, help='the official repository')
    parser.add_argument('--checkpoints', type=folder, required=True, help='has float.pth and the two wav2vec folders')
    parser.add_argument('--image', type=folder, required=True, help='PNG, 8-bit RGB, S×S')
    parser.add_argument('--audio', type=folder, required=True, help='WAV, 16-bit mono, 16 kHz')
    parser.add_argument('--out', type=folder, required=True, help='folder for the golden set')
    parser.add_argument('--stages', default=','.join(NEEDS), help='comma-separated (default: all)')
    parser.add_argument('--runs', default=RUNS, help='of `sample`; the first is animated (default: %(default)s)')
    parser.add_argument('--inputs', type=folder, help='a golden set whose noise, latent and fmt inputs to use again')
    parser.add_argument('--device', default='cpu', help='cpu or cuda (default: cpu)')
    parser.add_argument('--seed', type=int, default=15, help='of the inputs that are drawn (default: 15)')
    parser.add_argument('--float64', action='store_true', default=True, help='golden values in float64 (default)')
    parser.add_argument(
        '--no-float64', dest='float64', action='store_false', help='in float32: half the memory, a rough allowance')
    return parser.parse_args(arguments)


def export(flags: argparse.Namespace) -> None:
    stages = [name.strip() for name in flags.stages.split(',')]
    for name in stages:
        if name not in NEEDS:
            raise ExportError(f'--stages: expected some of {", ".join(NEEDS)}, got {name}')
    runs = [parse_run(name.strip()) for name in flags.runs.split(',')]
    picture, sound = read_png(flags.image), read_wave(flags.audio)
    check_normalisation(flags.checkpoints / SPEECH / 'preprocessor_config.json')
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
    model = build(flags.float_repo, flags.checkpoints, flags.device)
    inputs = make_inputs(model, picture, sound, flags)

    about = {
        'variant': 'checkpoint', 'float_commit': commit_of(flags.float_repo), 'torch': torch.__version__,
        'golden_dtype': 'float64' if flags.float64 else 'float32', **configuration(model),
    }
    flags.out.mkdir(parents=True, exist_ok=True)
    write_json(flags.out / 'config.json', {key: about[key] for key in ('config', 'wav2vec2', 'emotion')})
    write_png(flags.out / 'image.png', picture)
    write_wave(flags.out / 'wave.wav', sound)
    frames = frames_of(model, len(sound))
    extra: Mapping[str, Mapping[str, Any]] = {
        'audio': {'frames': frames},
        'sample': {'runs': [run.name for run in runs], 'frames': frames},
        'animate': {'frames': frames, 'indices': kept_frames(frames)},
    }
    dtypes = [torch.float32, torch.float64] if flags.float64 else [torch.float32]
    tell = lambda line: print(line, file=sys.stderr)  # noqa: E731
    count = 0
    for stage, values in compute(model, inputs, stages, runs, flags.device, dtypes, tell):
        rough, golden = values[0], values[-1]
        errors = {name: error_of(name, rough[name], golden[name], flags.float64) for name in golden}
        write_stage(flags.out, stage, {**about, **extra.get(stage, {})}, golden, errors)
        write_frames(flags.out, stage, golden)
        count += len(golden)
        del values, rough, golden  # before the next stage runs
    print(f'{flags.out}: {count} tensors; now: float verify {flags.out} --weights {flags.checkpoints}')


def check_normalisation(preprocessor: pathlib.Path) -> None:
    """The official script asks transformers for a zero mean and unit variance; make_inputs does that itself."""
    if preprocessor.is_file() and read_json(preprocessor).get('do_normalize', True) is not True:
        raise ExportError(f'{preprocessor}: do_normalize: expected true')


def make_inputs(model: Any, picture: np.ndarray, sound: np.ndarray, flags: argparse.Namespace) -> Inputs:
    options = reach(model, 'opt')
    size, width = options.input_size, options.dim_w
    if picture.shape[:2] != (size, size):
        height, wide, _ = picture.shape
        raise ExportError(f'{flags.image}: expected {size}×{size} pixels, got {wide}×{height}: crop and resize it first')
    wave = (sound / 32768).astype(np.float32)
    normalized = (wave - wave.mean()) / np.sqrt(wave.var() + np.float32(1e-7))
    window = int(options.wav2vec_sec * options.fps)
    count = math.ceil(frames_of(model, len(sound)) / window)
    image = (picture.astype(np.float32) / np.float32(127.5) - 1).transpose(2, 0, 1)[None]
    shared = dict(image=single(image), wave=single(wave), normalized=single(normalized[None]))
    if flags.inputs:
        return Inputs(**shared, **stored_inputs(flags.inputs, [1, window, width], count))
    generator = torch.Generator().manual_seed(flags.seed)
    draw = lambda *shape: torch.randn(1, *shape, generator=generator)  # noqa: E731
    noise = [draw(window, width) for _ in range(count)]
    past = int(options.num_prev_frames)
    fmt = {
        't': torch.tensor([0.3]), 'x': draw(window, width), 'wa': 0.6 * draw(window, width), 'wr': 0.6 * draw(width),
        'we': draw(1, options.dim_e).softmax(-1), 'prev_x': draw(past, width), 'prev_wa': 0.6 * draw(past, width),
    }
    return Inputs(**shared, noise=noise, fmt=fmt, motion=None)


def stored_inputs(folder: pathlib.Path, shape: Sequence[int], count: int) -> dict[str, Any]:
    """What another golden set was given, so that two sets can be compared tensor by tensor."""
    sets = {stage: read_safetensors(folder / f'{stage}.safetensors') for stage in ('encode', 'decode', 'fmt', 'sample')}
    noise = [sets['sample'].get(f'in.x0.{k}') for k in range(count)]
    if any(window is None or list(window.shape) != list(shape) for window in noise):
        raise ExportError(f'{folder}/sample.safetensors: expected in.x0.0 … in.x0.{count - 1} of shape {list(shape)}')
    fmt = {name[3:]: single(tensor) for name, tensor in sets['fmt'].items() if name.startswith('in.')}
    motion = sets['decode']['latent'].astype(np.float64) - sets['encode']['s_r']
    return {'noise': [single(window) for window in noise], 'fmt': fmt, 'motion': single(motion)}


def single(values: Optional[np.ndarray]) -> torch.Tensor:
    return torch.from_numpy(np.array(values, np.float32))


def error_of(name: str, single_value: np.ndarray, golden: np.ndarray, measured: bool) -> float:
    """‖f32 − f64‖ / ‖f64‖, what single precision costs PyTorch itself."""
    if not measured:
        return 0.0 if name.startswith('in.') or name in ('image', 'mask') else ASSUMED_ERROR
    norm = float(np.linalg.norm(golden))
    if not math.isfinite(norm):
        raise ExportError(f'{name}: the model gives numbers that are not finite')
    return float(np.linalg.norm(single_value.astype(np.float64) - golden)) / norm if norm else 0.0


def write_frames(folder: pathlib.Path, stage: str, values: Mapping[str, np.ndarray]) -> None:
    """Frames as the official script stores them: clamp, (v + 1) / 2 · 255, truncated."""
    for name, value in values.items():
        if stage not in ('decode', 'animate') or not name.startswith('frame'):
            continue
        levels = ((np.clip(value[0], -1, 1) + 1) / 2 * 255).astype(np.uint8)
        write_png(folder / f'{stage}.{name.replace("frame.", "frame")}.png', levels.transpose(1, 2, 0))


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
