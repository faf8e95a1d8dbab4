"""Writes test/fixtures/media/opencv_resize.json: what OpenCV's resize makes of small pictures.

    apt-get install python3-opencv && python3 tools/make_resize_fixtures.py

Byte k of a source of W×H×3 is (k·k·31 + k·17 + W) mod 256: rough enough to show every weight.
"""
import json
import pathlib

import cv2
import numpy as np

CASES = [
    # interpolation, side or (width, height) before, after
    ('area', 12, 6), ('area', 15, 5), ('area', 16, 4), ('area', 13, 5), ('area', 23, 16), ('area', (19, 11), (7, 9)),
    ('area', 5, 10), ('area', 5, 13), ('area', 11, 16), ('area', 7, 32), ('area', 1, 4), ('area', (4, 9), (9, 4)),
    ('cubic', 5, 10), ('cubic', 7, 16), ('cubic', 11, 13), ('cubic', 3, 17), ('cubic', 1, 4),
    ('cubic', 23, 7), ('cubic', 16, 8), ('cubic', 19, 16), ('cubic', (4, 9), (9, 4)), ('cubic', (6, 5), (6, 8)),
]
INTERPOLATION = {'area': cv2.INTER_AREA, 'cubic': cv2.INTER_CUBIC}


def source(width: int, height: int) -> np.ndarray:
    k = np.arange(width * height * 3, dtype=np.int64)
    return ((k * k * 31 + k * 17 + width) % 256).astype(np.uint8).reshape(height, width, 3)


def main() -> None:
    cv2.setNumThreads(1)
    cases = []
    for name, before, after in CASES:
        before, after = [size if isinstance(size, tuple) else (size, size) for size in (before, after)]
        pixels = cv2.resize(source(*before), after, interpolation=INTERPOLATION[name])
        cases.append({'interpolation': name, 'from': before, 'to': after, 'pixels': pixels.ravel().tolist()})
    path = pathlib.Path(__file__).parent.parent / 'test/fixtures/media/opencv_resize.json'
    path.write_text(json.dumps({'opencv': cv2.__version__, 'cases': cases}, separators=(',', ':')) + '\n')


if __name__ == '__main__':
    main()
