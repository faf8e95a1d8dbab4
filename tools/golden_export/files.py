"""Files of a golden set (golden/README.md): safetensors, PNG, WAV and JSON, with nothing but NumPy."""
from __future__ import annotations

import json
import os
import pathlib
import struct
import wave
import zlib
from typing import Any, Mapping

import numpy as np

PROBE = 4096
"""How many elements are kept of a tensor that is too large to keep."""
WHOLE = 65536
"""Tensors up to this size are kept whole."""


class ExportError(Exception):
    """What the user is told, in one line."""


def require_file(path: pathlib.Path) -> pathlib.Path:
    if not path.is_file():
        raise ExportError(f'{path}: no such file')
    return path


def write_bytes(path: pathlib.Path, data: bytes) -> None:
    """Writes under a temporary name first: a file that is there is complete."""
    temporary = path.with_name(path.name + '.tmp')
    temporary.write_bytes(data)
    os.replace(temporary, path)


def write_json(path: pathlib.Path, value: Mapping[str, Any]) -> None:
    write_bytes(path, (json.dumps(value, indent=1) + '\n').encode())


def read_json(path: pathlib.Path) -> Any:
    try:
        return json.loads(require_file(path).read_text())
    except ValueError as error:
        raise ExportError(f'{path}: not JSON: {error}') from None


def read_safetensors(path: pathlib.Path) -> dict[str, np.ndarray]:
    """All tensors as float32; float32, float16 and bfloat16 are read."""
    data = require_file(path).read_bytes()
    try:
        length, = struct.unpack('<Q', data[:8])
        header = json.loads(data[8:8 + length])
        body = memoryview(data)[8 + length:]
        header.pop('__metadata__', None)
        part = {name: body[slice(*entry['data_offsets'])] for name, entry in header.items()}
        return {name: _floats(part[name], entry, f'{path}: {name}') for name, entry in header.items()}
    except (struct.error, ValueError, KeyError, TypeError) as error:
        raise ExportError(f'{path}: not a safetensors file: {error}') from None


def _floats(data: memoryview, entry: Mapping[str, Any], name: str) -> np.ndarray:
    kind, shape = entry['dtype'], entry['shape']
    if kind == 'BF16':
        return (np.frombuffer(data, '<u2').astype('<u4') << 16).view('<f4').reshape(shape)
    if kind not in ('F32', 'F16'):
        raise ExportError(f'{name}: expected F32, F16 or BF16, got {kind}')
    return np.frombuffer(data, '<f4' if kind == 'F32' else '<f2').astype(np.float32).reshape(shape)


def write_safetensors(path: pathlib.Path, tensors: Mapping[str, np.ndarray]) -> None:
    """Float32 tensors, one after the other."""
    header: dict[str, Any] = {}
    parts: list[bytes] = []
    offset = 0
    for name, tensor in tensors.items():
        part = np.ascontiguousarray(tensor, '<f4').tobytes()
        header[name] = {'dtype': 'F32', 'shape': list(tensor.shape), 'data_offsets': [offset, offset + len(part)]}
        offset += len(part)
        parts.append(part)
    text = json.dumps(header, separators=(',', ':')).encode()
    text += b' ' * (-len(text) % 8)
    write_bytes(path, struct.pack('<Q', len(text)) + text + b''.join(parts))


def probe(values: np.ndarray) -> np.ndarray:
    """Element i is flat index (i · 2654435761 + 12345) mod size."""
    index = (np.arange(PROBE, dtype=np.int64) * 2654435761 + 12345) % values.size
    return values.reshape(-1)[index]


def write_stage(
    folder: pathlib.Path,
    name: str,
    about: Mapping[str, Any],
    values: Mapping[str, np.ndarray],
    errors: Mapping[str, float],
) -> None:
    """STAGE.safetensors and STAGE.json, which describes it. Inputs are kept whole: they cannot be computed."""
    stored: dict[str, np.ndarray] = {}
    described: dict[str, Any] = {}
    for tensor, value in values.items():
        rounded = np.asarray(value, np.float32)
        wide = rounded.astype(np.float64)
        given = tensor.startswith('in.') or tensor == 'latent'
        kind = 'full' if given or rounded.size <= WHOLE else 'probe'
        stored[tensor] = rounded if kind == 'full' else probe(rounded)
        described[tensor] = {
            'shape': list(rounded.shape),
            'mean': float(wide.mean()),
            'rms': float(np.sqrt((wide * wide).mean())),
            'absmax': float(np.abs(wide).max()),
            'kind': kind,
            'torch_f32_error': float(f'{errors[tensor]:.3g}'),
        }
    write_safetensors(folder / f'{name}.safetensors', stored)
    write_json(folder / f'{name}.json', {**about, 'tensors': described})


def read_wave(path: pathlib.Path) -> np.ndarray:
    """16-bit PCM, 16 kHz, mono, as int16 [n]."""
    try:
        with wave.open(str(require_file(path))) as sound:
            form = sound.getnchannels(), sound.getsampwidth(), sound.getframerate()
            samples = np.frombuffer(sound.readframes(sound.getnframes()), '<i2') if form == (1, 2, 16000) else None
    except (wave.Error, EOFError) as error:
        raise ExportError(f'{path}: not a WAV file: {error or "cut short"}') from None
    if samples is None or samples.size == 0:
        raise ExportError(f'{path}: expected 16-bit mono sound at 16000 Hz (ffmpeg -i IN -ac 1 -ar 16000 OUT.wav)')
    return samples


def write_wave(path: pathlib.Path, samples: np.ndarray) -> None:
    data = samples.astype('<i2').tobytes()
    form = struct.pack('<4sIHHIIHH', b'fmt ', 16, 1, 1, 16000, 32000, 2, 16)
    content = b'WAVE' + form + struct.pack('<4sI', b'data', len(data)) + data
    write_bytes(path, struct.pack('<4sI', b'RIFF', len(content)) + content)


def write_png(path: pathlib.Path, picture: np.ndarray) -> None:
    """RGB, uint8 [h, w, 3]."""
    height, width, _ = picture.shape
    lines = np.concatenate([np.zeros((height, 1), np.uint8), picture.reshape(height, -1)], 1)
    header = struct.pack('>IIBBBBB', width, height, 8, 2, 0, 0, 0)
    chunks = [(b'IHDR', header), (b'IDAT', zlib.compress(lines.tobytes(), 9)), (b'IEND', b'')]
    body = b''.join(struct.pack('>I', len(d)) + t + d + struct.pack('>I', zlib.crc32(t + d)) for t, d in chunks)
    write_bytes(path, b'\x89PNG\r\n\x1a\n' + body)


def read_png(path: pathlib.Path) -> np.ndarray:
    """8-bit RGB without interlacing, as uint8 [h, w, 3]: what `float` and most programs write for a photograph."""
    data = require_file(path).read_bytes()
    if data[:8] != b'\x89PNG\r\n\x1a\n':
        raise ExportError(f'{path}: not a PNG file')
    try:
        width, height, *form = struct.unpack('>IIBBBBB', data[16:29])
        if form != [8, 2, 0, 0, 0]:
            raise ExportError(f'{path}: expected 8 bits a channel, RGB without alpha, not interlaced')
        lines = np.frombuffer(zlib.decompress(_image_data(data)), np.uint8).reshape(height, 1 + 3 * width)
    except (struct.error, zlib.error, ValueError) as error:
        raise ExportError(f'{path}: broken PNG file: {error}') from None
    return _unfilter(lines).reshape(height, width, 3)


def _image_data(data: bytes) -> bytes:
    at, parts = 8, []
    while at + 8 <= len(data):
        length, kind = struct.unpack('>I4s', data[at:at + 8])
        if kind == b'IDAT':
            parts.append(data[at + 8:at + 8 + length])
        at += 12 + length
    return b''.join(parts)


def _unfilter(lines: np.ndarray) -> np.ndarray:
    """Undoes the five filters of PNG, pixel after pixel; bytes wrap around."""
    kinds, rows = lines[:, 0], lines[:, 1:].reshape(len(lines), -1, 3).astype(np.int64)
    above = np.zeros_like(rows[0])
    for kind, row in zip(kinds, rows):
        left = upper_left = np.zeros(3, np.int64)
        for x in range(len(row)):
            upper = above[x]
            row[x] = (row[x] + _predict(kind, left, upper, upper_left)) & 255
            left, upper_left = row[x], upper
        above = row
    return rows.astype(np.uint8)


def _predict(kind: int, a: np.ndarray, b: np.ndarray, c: np.ndarray) -> np.ndarray | int:
    """a is left, b above, c above left; 4 is Paeth's: the one nearest to a + b − c."""
    if kind == 4:
        pa, pb, pc = np.abs(b - c), np.abs(a - c), np.abs(a + b - 2 * c)
        return np.where((pa <= pb) & (pa <= pc), a, np.where(pb <= pc, b, c))
    return (0, a, b, (a + b) // 2)[kind]
