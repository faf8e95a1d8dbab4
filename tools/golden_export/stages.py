"""The stages of a golden set, each computed by the official model's own functions; forward hooks give inner tensors."""
from __future__ import annotations

import contextlib
import math
import re
from dataclasses import dataclass
from typing import Any, Callable, Dict, Iterator, Mapping, Sequence

import numpy as np
import torch

from .files import ExportError
from .official import described, precision, reach

NEEDS = {
    'encode': (), 'decode': ('encode',), 'fmt': (), 'audio': (), 'emotion': (),
    'sample': ('encode', 'audio', 'emotion'),
    'animate': ('encode', 'audio', 'emotion', 'sample'),
}
"""The stages, in the order in which they run, and those whose results they use."""
PARTS = {
    'encode': ('motion_autoencoder',), 'decode': ('motion_autoencoder',), 'fmt': ('fmt',), 'audio': ('audio_encoder',),
    'emotion': ('emotion_encoder',), 'sample': ('fmt', 'audio_encoder', 'emotion_encoder'),
    'animate': ('motion_autoencoder',),
}
"""What of the model each of them runs."""
KEPT = ('image', 's_r', 'r_s', 'feats.', 'wa', 'probabilities', 'euler', 'midpoint', 'heun', 'rk4', 'dopri5')
"""Beginnings of the names of tensors that later stages use."""
METHODS = {'heun': 'heun2'}
"""float-webgpu's names of torchdiffeq's methods, where they differ."""
KNOWN = ('euler', 'midpoint', 'heun2', 'rk4', 'dopri5')
"""The methods that `float verify` has."""
GUIDED = ((2, 1), (2, 3), (1, 0))
"""(γ_a, γ_e) of the guided evaluations in `fmt`."""

Tensors = Dict[str, torch.Tensor]
Tap = Callable[[Any, Any], Tensors]
"""(inputs, output) of a module → tensors by golden name."""


@dataclass(frozen=True)
class Inputs:
    """All float32 on the CPU, the same for every precision."""
    image: torch.Tensor
    """[1, 3, S, S] in −1…1."""
    wave: torch.Tensor
    """[n] in −1…1."""
    normalized: torch.Tensor
    """[1, n], zero mean and unit variance."""
    noise: Sequence[torch.Tensor]
    """[1, L, d] a window."""
    fmt: Mapping[str, torch.Tensor]
    """t, x, wa, wr, we, prev_x, prev_wa."""
    motion: torch.Tensor | None
    """[1, d], what `decode` adds to the identity latent; None: the portrait's own motion r_s."""


@dataclass(frozen=True)
class Run:
    """SOLVER.nNFE.EMOTION.aγ.eγ, where EMOTION is S2E (as heard) or a name."""
    name: str
    method: str
    nfe: int
    emotion: str
    audio_scale: float
    emotion_scale: float


def parse_run(name: str) -> Run:
    match = re.fullmatch(r'(\w+)\.n(\d+)\.(\w+)\.a([\d.]+)\.e([\d.]+)', name)
    if not match or int(match[2]) < 2:
        raise ExportError(f'--runs: expected SOLVER.nNFE.EMOTION.aγ.eγ (euler.n10.S2E.a2.e1), got {name}')
    method = METHODS.get(match[1], match[1])
    if method not in KNOWN:
        raise ExportError(f'--runs: {name}: expected a method of {", ".join(KNOWN)}, got {match[1]}')
    name = f'{method}{name[len(match[1]):]}'
    return Run(name, method, int(match[2]), match[3], float(match[4]), float(match[5]))


def frames_of(model: Any, samples: int) -> int:
    return math.ceil(samples * reach(model, 'opt.fps') / reach(model, 'opt.sampling_rate'))


def kept_frames(frames: int) -> list[int]:
    """First, middle and last."""
    return sorted({0, frames // 2, frames - 1})


def compute(
    model: Any, inputs: Inputs, stages: Sequence[str], runs: Sequence[Run], device: str, dtypes: Sequence[torch.dtype],
    tell: Callable[[str], None],
) -> Iterator[tuple[str, list[dict[str, np.ndarray]]]]:
    """The stages asked for one after the other, each in every dtype, with what it needs of those before. Of a stage that
    has been given only what later ones use is kept, and only the parts of the model that it runs are in its dtype: what
    is in memory is the model in float32, one stage's parts in float64, and one stage's tensors."""
    wanted = set(stages).union(*(NEEDS[stage] for stage in stages))
    done: list[dict[str, Tensors]] = [{} for _ in dtypes]
    for stage in (stage for stage in NEEDS if stage in wanted):
        for dtype, results in zip(dtypes, done):
            tell(f'{str(dtype)[6:]} {stage} …')
            place = lambda tensor, dtype=dtype: tensor.to(device=device, dtype=dtype)  # noqa: E731
            try:
                with precision([reach(model, part) for part in PARTS[stage]], dtype, device):
                    results[stage] = _functions[stage](model, inputs, results, runs, place)
            except (AttributeError, KeyError, TypeError, ValueError, RuntimeError) as error:
                raise ExportError(f'{stage}: the model fails: {described(error)}') from error
        if stage in stages:
            yield stage, [{name: t.cpu().numpy() for name, t in results[stage].items()} for results in done]
        for results in done:
            results[stage] = {name: t for name, t in results[stage].items() if name.startswith(KEPT)}


def _encode(model: Any, inputs: Inputs, done: Any, runs: Any, place: Any) -> Tensors:
    encoder = reach(model, 'motion_autoencoder.enc')
    direction = reach(model, 'motion_autoencoder.dec.direction')
    names = [f'net_app.convs.{i}' for i in range(len(reach(encoder, 'net_app.convs')))]
    image = place(inputs.image)
    with recorded({name: (reach(encoder, name), named(name)) for name in names}) as inner:
        identity, factors, features = reach(model, 'encode_image_into_latent')(image)
    return {
        'image': image, 's_r': identity, 'lambda': factors, 'r_s': direction(factors), 'direction.Q': direction(None),
        **{f'feats.{i}': feature for i, feature in enumerate(features)}, **inner,
    }


def _features(done: Mapping[str, Tensors]) -> list[torch.Tensor]:
    encoded = done['encode']
    return [encoded[name] for name in encoded if name.startswith('feats.')]


def _decode(model: Any, inputs: Inputs, done: Mapping[str, Tensors], runs: Any, place: Any) -> Tensors:
    decoder = reach(model, 'motion_autoencoder.dec')
    taps = {'conv1': (reach(decoder, 'conv1'), named('conv1'))}
    for k in range(len(reach(decoder, 'to_flows'))):
        for name in (f'convs.{2 * k}', f'convs.{2 * k + 1}', f'to_rgbs.{k}'):
            taps[name] = (reach(decoder, name), named(name))
        flow = f'to_flows.{k}'
        parts = [f'{flow}.{part}' for part in ('warped', 'blended', 'flow_raw', 'grid')]
        taps[flow] = (reach(decoder, flow), several(parts))
    encoded = done['encode']
    latent = encoded['s_r'] + (encoded['r_s'] if inputs.motion is None else place(inputs.motion))
    with recorded(taps) as inner:
        frame = decoder(latent, alpha=None, feats=_features(done))[0]
    return {**inner, 'latent': latent, 'frame': frame}


def _fmt(model: Any, inputs: Inputs, done: Any, runs: Any, place: Any) -> Tensors:
    transformer = reach(model, 'fmt')
    given = {name: place(tensor) for name, tensor in inputs.fmt.items()}
    names = ['t_embedder', 'x_embedder', 'c_embedder']
    names += [f'blocks.{i}{part}' for i in range(len(reach(transformer, 'blocks'))) for part in ('.attn', '')]
    with recorded({name: (reach(transformer, name), named(name)) for name in names}) as inner:
        out = transformer(**given, train=False)
    guided = reach(transformer, 'forward_with_cfv', 'fmt')
    scaled = {
        f'guided.a{a}.e{e}': guided(**given, a_cfg_scale=float(a), r_cfg_scale=1.0, e_cfg_scale=float(e))
        for a, e in GUIDED
    }
    mask = reach(transformer, 'alignment_mask', 'fmt').to(out.dtype)
    return {**{f'in.{name}': tensor for name, tensor in given.items()}, **inner, 'out': out, 'mask': mask, **scaled}


def _audio(model: Any, inputs: Inputs, done: Any, runs: Any, place: Any) -> Tensors:
    encoder = reach(model, 'audio_encoder')
    wave = place(inputs.normalized)

    def hidden(_: Any, output: Any) -> Tensors:
        states = getattr(output, 'hidden_states', None)
        if states is None:
            raise ExportError('audio_encoder.wav2vec2: gives no hidden_states (the official code needs transformers 4)')
        return {f'hidden_states.{i}': state for i, state in enumerate(states)}

    taps = {
        'feature_extractor': (reach(encoder, 'wav2vec2.feature_extractor'), named('feature_extractor')),
        'interpolated': (reach(encoder, 'wav2vec2.feature_projection'), lambda given, _: {'interpolated': given[0]}),
        'hidden_states': (reach(encoder, 'wav2vec2'), hidden),
    }
    with recorded(taps) as inner:
        features = reach(encoder, 'inference')(wave, seq_len=frames_of(model, wave.shape[-1]))
    return {'in.wave': place(inputs.wave), 'in.normalized': wave, **inner, 'wa': features}


def _emotion(model: Any, inputs: Inputs, done: Any, runs: Any, place: Any) -> Tensors:
    encoder = reach(model, 'emotion_encoder')
    wave = place(inputs.normalized)
    classifier = reach(encoder, 'wav2vec2_for_emotion')
    taps = {
        'last_hidden_state': (reach(classifier, 'wav2vec2'), lambda _, output: {'last_hidden_state': output[0]}),
        'logits': (reach(classifier, 'classifier'), named('logits')),
    }
    with recorded(taps) as inner:
        probabilities = reach(encoder, 'predict_emotion')(wave)
    return {'in.normalized': wave, **inner, 'probabilities': probabilities}


def _sample(model: Any, inputs: Inputs, done: Mapping[str, Tensors], runs: Sequence[Run], place: Any) -> Tensors:
    tensors = {f'in.x0.{k}': place(noise) for k, noise in enumerate(inputs.noise)}
    tensors.update({
        'in.r_s': done['encode']['r_s'], 'in.wa': done['audio']['wa'], 'in.we': done['emotion']['probabilities'],
    })
    data = {'r_s': done['encode']['r_s'], 'a': place(inputs.normalized)}
    options, solver = reach(model, 'opt'), reach(model, 'odeint_kwargs')
    labels = reach(model, 'emotion_encoder.label2id')
    for run in runs:
        if run.emotion != 'S2E' and run.emotion not in labels:
            raise ExportError(f'--runs: expected S2E or one of {", ".join(labels)}, got {run.emotion}')
    for run in runs:
        options.nfe, solver['method'] = run.nfe, run.method
        with noise_is([place(noise) for noise in inputs.noise]):
            tensors[run.name] = reach(model, 'sample')(
                data, a_cfg_scale=run.audio_scale, r_cfg_scale=1.0, e_cfg_scale=run.emotion_scale, emo=run.emotion,
                nfe=run.nfe)
    return tensors


def _animate(model: Any, inputs: Inputs, done: Mapping[str, Tensors], runs: Sequence[Run], place: Any) -> Tensors:
    motion = done['sample'][runs[0].name]
    indices = kept_frames(motion.shape[1])
    decoded = reach(model, 'decode_latent_into_image')(done['encode']['s_r'], _features(done), motion[:, indices])
    frames = decoded['d_hat'].reshape(len(indices), 1, *done['encode']['image'].shape[1:])
    return {'in.sample': motion, **{f'frame.{index}': frame for index, frame in zip(indices, frames)}}


_functions: dict[str, Callable[..., Tensors]] = {
    'encode': _encode, 'decode': _decode, 'fmt': _fmt, 'audio': _audio, 'emotion': _emotion, 'sample': _sample,
    'animate': _animate,
}


def named(name: str) -> Tap:
    """The output under this name."""
    return lambda _, output: {name: output}


def several(names: Sequence[str]) -> Tap:
    """A module's several outputs under these names."""
    def tap(_: Any, output: Any) -> Tensors:
        if not isinstance(output, tuple) or len(output) != len(names):
            raise ExportError(f'{names[0]}: expected a module with {len(names)} outputs')
        return dict(zip(names, output))
    return tap


@contextlib.contextmanager
def recorded(taps: Mapping[str, tuple[Any, Tap]]) -> Iterator[Tensors]:
    """Forward hooks: what the modules take and give while the block runs, in the order of `taps`."""
    seen: dict[str, Tensors] = {}
    tensors: Tensors = {}

    def hook(name: str, tap: Tap) -> Callable[[Any, Any, Any], None]:
        return lambda _, inputs, output: seen.__setitem__(name, tap(inputs, output))

    handles = [module.register_forward_hook(hook(name, tap)) for name, (module, tap) in taps.items()]
    try:
        yield tensors
    finally:
        for handle in handles:
            handle.remove()
    for name in taps:
        if name not in seen:
            raise ExportError(f'{name}: the model never called this module')
        tensors.update(seen[name])


@contextlib.contextmanager
def noise_is(windows: Sequence[torch.Tensor]) -> Iterator[None]:
    """The official sampler draws the noise of window after window by torch.randn: give it ours instead."""
    original, waiting = torch.randn, list(windows)

    def randn(*shape: Any, **_: Any) -> torch.Tensor:
        if not waiting or tuple(shape) != tuple(waiting[0].shape):
            expected = list(waiting[0].shape) if waiting else 'no more noise'
            raise ExportError(f'FLOAT.sample: draws noise of shape {list(shape)}, expected {expected}')
        return waiting.pop(0)

    torch.randn = randn
    try:
        yield
    finally:
        torch.randn = original
    if waiting:
        raise ExportError(f'FLOAT.sample: left the noise of {len(waiting)} windows alone: not drawn by torch.randn')
