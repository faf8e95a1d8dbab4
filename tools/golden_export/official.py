"""The official model, from the folder its repository lies in. Nothing of it is repeated here: modules are imported, and
reached by the names that the checkpoint's tensors have too."""
from __future__ import annotations

import argparse
import contextlib
import importlib
import pathlib
import subprocess
import sys
import traceback
from typing import Any, Callable, ContextManager, Iterator, Mapping, Sequence

import numpy as np
import torch
from torch import nn

from .files import ExportError, read_json, read_safetensors, require_file

SPEECH = 'wav2vec2-base-960h'
EMOTION = 'wav2vec-english-speech-emotion-recognition'
UNUSED = ('masked_spec_embed',)
"""Parameters of wav2vec2 for training: some files have them, some do not."""

WAV2VEC2_FIELDS = (
    'feat_extract_norm', 'conv_bias', 'conv_dim', 'conv_kernel', 'conv_stride', 'hidden_size', 'num_hidden_layers',
    'num_attention_heads', 'intermediate_size', 'num_conv_pos_embeddings', 'num_conv_pos_embedding_groups',
    'do_stable_layer_norm',
)
OPTION_FIELDS = (
    'input_size', 'style_dim', 'dim_w', 'dim_a', 'dim_h', 'dim_m', 'fmt_depth', 'num_heads', 'wav2vec_sec',
    'num_prev_frames', 'attention_window', 'mlp_ratio', 'fps', 'sampling_rate', 'dim_e',
)


def reach(root: Any, path: str, name: str = 'FLOAT') -> Any:
    """root.a.b[0].c for 'a.b.0.c'.

    :raises ExportError: naming the step that is not there."""
    value = root
    for step in path.split('.'):
        inside, name = name, f'{name}.{step}'
        try:
            value = value[int(step)] if step.isdigit() else getattr(value, step)
        except (AttributeError, IndexError, TypeError):
            raise ExportError(f'{name}: not in this repository ({inside} is a {type(value).__name__})') from None
    return value


def build(repository: pathlib.Path, checkpoints: pathlib.Path, device: str) -> Any:
    """The official FLOAT with the checkpoints' weights, in evaluation mode. `config.json` in the checkpoints' folder, if
    there is one, says other sizes than the published ones: {config}, as `float convert` reads it."""
    require_file(repository / 'models/float/FLOAT.py')
    for folder in (SPEECH, EMOTION):
        require_file(checkpoints / folder / 'config.json')
    weights = read_weights(checkpoints)
    sys.path.insert(0, str(repository.resolve()))
    options = _options(repository, checkpoints, device)
    make = reach(_import('models.float.FLOAT'), 'FLOAT', 'models.float.FLOAT')
    try:
        with _cuda_stays_here(device):
            model = make(options).to(device).eval().requires_grad_(False)
    except ExportError:
        raise
    except Exception as error:  # whatever the official code raises, one line of it is enough
        raise ExportError(f'models.float.FLOAT: FLOAT(options) fails: {described(error)}') from error
    _load(model, weights)
    _check_attention(model)
    return model


def _line(error: BaseException) -> str:
    return ' '.join(str(error).split())[:300]


def described(error: BaseException) -> str:
    """Kind, message and place of an error of the official code."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    return f'{type(error).__name__}: {_line(error)} ({place.filename}:{place.lineno})'


def _import(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise ExportError(f'{name}: cannot be imported (install what the repository requires): {_line(error)}') from None


def _options(repository: pathlib.Path, checkpoints: pathlib.Path, device: str) -> Any:
    """The repository's own defaults. `rank` is what the first release calls the device; forks say `device`."""
    require_file(repository / 'options/base_options.py')
    base = reach(_import('options.base_options'), 'BaseOptions', 'options.base_options')()
    parser = argparse.ArgumentParser()
    parser = reach(base, 'initialize', 'BaseOptions')(parser) or parser
    options = parser.parse_args([])
    options.rank = options.device = torch.device(device)
    options.ckpt_path = str(checkpoints / 'float.pth')
    options.wav2vec_model_path = str(checkpoints / SPEECH)
    options.audio2emotion_path = str(checkpoints / EMOTION)
    sizes = checkpoints / 'config.json'
    if sizes.is_file():
        for field, value in read_json(sizes).get('config', {}).items():
            setattr(options, field, value)
    for field in OPTION_FIELDS:
        reach(options, field, 'BaseOptions')
    return options


@contextlib.contextmanager
def _tensor_method(name: str, method: Callable[..., torch.Tensor] | None) -> Iterator[None]:
    """Another meaning for a method of every tensor, for a while; None leaves it as it is."""
    original = getattr(torch.Tensor, name)
    if method:
        setattr(torch.Tensor, name, method)
    try:
        yield
    finally:
        setattr(torch.Tensor, name, original)


def _cuda_stays_here(device: str) -> ContextManager[None]:
    """Some versions call .cuda() on every grid they make: on the CPU that has to mean nothing."""
    return _tensor_method('cuda', (lambda self, *_, **__: self) if device == 'cpu' else None)


def read_weights(checkpoints: pathlib.Path) -> dict[str, torch.Tensor]:
    """Every tensor of the three files under FLOAT's names. Where float.pth holds a wav2vec2 too, its own counts."""
    weights: dict[str, torch.Tensor] = {}
    for folder, prefix in ((SPEECH, 'audio_encoder.'), (EMOTION, 'emotion_encoder.wav2vec2_for_emotion.')):
        for name, tensor in _read_folder(checkpoints / folder).items():
            bare = not name.startswith(('wav2vec2.', 'classifier.', 'lm_head.'))
            weights[canonical(prefix + ('wav2vec2.' if bare else '') + name)] = tensor
    own = _read_pickled(checkpoints / 'float.pth')
    weights.update((canonical(name), tensor) for name, tensor in own.items())
    return weights


def canonical(name: str) -> str:
    """The older of the two spellings of a weight-normalised convolution."""
    return name.replace('parametrizations.weight.original0', 'weight_g').replace(
        'parametrizations.weight.original1', 'weight_v')


def _read_folder(folder: pathlib.Path) -> Mapping[str, torch.Tensor]:
    if (folder / 'model.safetensors').is_file():
        tensors = read_safetensors(folder / 'model.safetensors')
        return {name: torch.from_numpy(np.array(tensor)) for name, tensor in tensors.items()}
    if (folder / 'pytorch_model.bin').is_file():
        return _read_pickled(folder / 'pytorch_model.bin')
    raise ExportError(f'{folder}: expected model.safetensors or pytorch_model.bin')


def _read_pickled(path: pathlib.Path) -> Mapping[str, torch.Tensor]:
    try:
        state = torch.load(str(require_file(path)), map_location='cpu', weights_only=True)
    except ExportError:
        raise
    except Exception as error:  # pickle, zip and PyTorch each have errors of their own
        raise ExportError(f'{path}: cannot be read as plain tensors: {_line(error).split(". ")[0]}') from None
    for wrapper in ('state_dict', 'model_state_dict', 'model'):
        if isinstance(state.get(wrapper), dict):
            state = state[wrapper]
    return {name: tensor for name, tensor in state.items() if isinstance(tensor, torch.Tensor)}


def _load(model: nn.Module, weights: Mapping[str, torch.Tensor]) -> None:
    """Sets every parameter: what runs is what the files hold, whatever from_pretrained made of their names."""
    missing: list[str] = []
    for name, parameter in model.named_parameters():
        tensor = weights.get(canonical(name))
        if name.endswith(UNUSED):
            continue
        if tensor is None:
            missing.append(name)
        elif tensor.shape != parameter.shape:
            raise ExportError(f'{name}: the checkpoints hold {list(tensor.shape)}, not {list(parameter.shape)}')
        else:
            parameter.data.copy_(tensor)
    if missing:
        raise ExportError(f'the checkpoints lack {len(missing)} tensors of the model, the first is {missing[0]}')


def _check_attention(model: Any) -> None:
    """Without PyTorch 2's fused attention the official transformer forgets its mask: another model."""
    for name, module in reach(model, 'fmt').named_modules():
        if getattr(module, 'fused_attn', True) is False:
            raise ExportError(f'fmt.{name}.fused_attn: False: needs PyTorch 2 or newer, the mask would be ignored')


@contextlib.contextmanager
def precision(parts: Sequence[nn.Module], dtype: torch.dtype, device: str) -> Iterator[None]:
    """Runs these parts of the model in dtype: their parameters, what they make themselves, and, as a few places of the
    official code say float32 whatever the rest is (.float(), dtype=), what goes into a layer. Afterwards they are
    float32 again, the same numbers: only what a stage needs is ever held in float64."""
    before = torch.get_default_dtype()
    hooks = [
        module.register_forward_pre_hook(_cast)
        for part in parts
        for module in part.modules()
        if next(module.parameters(recurse=False), None) is not None
    ]
    torch.set_default_dtype(dtype)
    for part in parts:
        part.to(dtype)
    try:
        with torch.no_grad(), _cuda_stays_here(device), _tensor_method('float', lambda tensor: tensor.to(dtype)):
            yield
    finally:
        torch.set_default_dtype(before)
        for hook in hooks:
            hook.remove()
        for part in parts:
            part.to(torch.float32)


def _cast(module: nn.Module, inputs: tuple[Any, ...]) -> tuple[Any, ...]:
    dtype = next(module.parameters(recurse=False)).dtype
    return tuple(x.to(dtype) if isinstance(x, torch.Tensor) and x.is_floating_point() else x for x in inputs)


def configuration(model: Any) -> dict[str, Any]:
    """{config, wav2vec2, emotion}, as `float convert --config` reads it."""
    options = reach(model, 'opt')
    config = {field: reach(options, field, 'opt') for field in OPTION_FIELDS}
    config['fps'], config['mlp_ratio'] = int(config['fps']), float(config['mlp_ratio'])
    config['channels'] = _channels(model)
    config['blur_kernel'] = [1, 3, 3, 1]
    emotion = reach(model, 'emotion_encoder.wav2vec2_for_emotion')
    return {
        'config': config,
        'wav2vec2': _wav2vec2(reach(model, 'audio_encoder.wav2vec2.config')),
        'emotion': {**_wav2vec2(reach(emotion, 'config')), 'num_labels': reach(emotion, 'config.num_labels')},
    }


def _channels(model: Any) -> dict[str, int]:
    """By resolution, from the shapes of the decoder's convolutions [1, out, in, k, k]."""
    decoder = reach(model, 'motion_autoencoder.dec')
    second = [reach(decoder, 'conv1')] + list(reach(decoder, 'convs'))[1::2]
    return {str(4 << i): int(reach(conv, 'conv.weight', 'StyledConv').shape[1]) for i, conv in enumerate(second)}


def _wav2vec2(config: Any) -> dict[str, Any]:
    values = {field: reach(config, field, 'Wav2Vec2Config') for field in WAV2VEC2_FIELDS}
    return {field: list(value) if isinstance(value, tuple) else value for field, value in values.items()}


def commit_of(repository: pathlib.Path) -> str | None:
    """The short hash of the repository's commit, if git knows it."""
    try:
        command = ['git', '-C', str(repository), 'rev-parse', '--short', 'HEAD']
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return None
