#!/bin/sh
# Makes test/fixtures/media: one small file a format, all of the same picture and the same sound.
# Needs ImageMagick, ffmpeg and python3. The fixtures are committed; nothing else needs these programs.
set -eu
cd "$(dirname "$0")/.."
out=test/fixtures/media
mkdir -p "$out"
cd "$out"
rm -f ./*

# A picture without any symmetry, of odd width.
convert -size 61x44 gradient:'rgb(250,200,60)-rgb(20,60,160)' \
  -fill 'rgb(180,30,40)' -draw 'circle 18,14 18,6' -fill 'rgb(30,160,70)' -draw 'rectangle 38,24 54,38' \
  -fill white -draw 'polygon 4,40 20,40 4,28' -blur 0x0.7 -depth 8 -define png:color-type=2 -strip picture.png

convert picture.png -sampling-factor 4:4:4 -quality 95 baseline.jpg
convert picture.png -sampling-factor 4:2:0 -interlace JPEG -quality 95 progressive.jpg
convert picture.png -colorspace Gray -quality 95 grey.jpg
convert picture.png -colorspace CMYK -quality 80 cmyk.jpg
convert picture.png -quality 95 lossy.webp
convert picture.png -define webp:lossless=true lossless.webp
# Alpha rises from left to right.
convert picture.png \( -size 44x61 gradient:white-black -rotate 90 \) -alpha off -compose CopyOpacity -composite \
  -define png:color-type=6 alpha.png
convert alpha.png -define webp:lossless=true alpha.webp
convert picture.png \( picture.png -flop \) -loop 0 animated.webp

# The picture as a camera held in each of the eight ways stores it.
n=0
for turn in '' -flop '-rotate 180' -flip -transpose '-rotate 270' -transverse '-rotate 90'; do
  n=$((n + 1))
  # shellcheck disable=SC2086
  convert picture.png $turn -sampling-factor 4:4:4 -quality 95 "orientation$n.jpg"
done
convert picture.png -rotate 270 -define webp:lossless=true stored6.webp
python3 - <<'PYTHON'
import struct

def exif(orientation, order):
    """A TIFF block with two entries: ImageWidth, so that the tag is not the first, and Orientation."""
    head = b'II*\0' if order == '<' else b'MM\0*'
    entry = lambda tag, value: struct.pack(order + 'HHIHH', tag, 3, 1, value, 0)
    return head + struct.pack(order + 'IH', 8, 2) + entry(0x100, 61) + entry(0x112, orientation) + bytes(4)

for n in range(1, 9):
    name = f'orientation{n}.jpg'
    jpeg = open(name, 'rb').read()
    block = b'Exif\0\0' + exif(n, '<' if n % 2 else '>')
    segment = b'\xff\xe1' + struct.pack('>H', len(block) + 2) + block
    open(name, 'wb').write(jpeg[:2] + segment + jpeg[2:])

webp = open('stored6.webp', 'rb').read()
block = exif(6, '<')
vp8x = b'VP8X' + struct.pack('<I', 10) + bytes([8, 0, 0, 0]) + (43).to_bytes(3, 'little') + (60).to_bytes(3, 'little')
chunks = vp8x + webp[12:] + b'EXIF' + struct.pack('<I', len(block)) + block
open('orientation6.webp', 'wb').write(b'RIFF' + struct.pack('<I', len(chunks) + 4) + b'WEBP' + chunks)
PYTHON
rm stored6.webp

# Two sweeps, one up and one down; test/node/sound.test.ts has the same formulas.
encode() { ffmpeg -hide_banner -loglevel error -nostdin -y "$@"; }
sweeps='0.5*sin(2*PI*(300*t+2000*t*t))|0.25*sin(2*PI*(1500*t-1000*t*t))'
encode -f lavfi -i "aevalsrc='$sweeps':s=44100:d=0.25" -bitexact source.wav
encode -i source.wav -c:a libmp3lame -b:a 128k stereo.mp3
encode -i source.wav -c:a libmp3lame -q:a 4 -metadata title=Sweep -write_id3v1 1 variable.mp3
encode -i source.wav -af 'pan=mono|c0=c0' -c:a libmp3lame -b:a 96k -write_xing 0 -id3v2_version 0 bare.mp3
encode -f lavfi -i "aevalsrc='0.5*sin(2*PI*(300*t+2000*t*t))':s=16000:d=0.25" -c:a libmp3lame -b:a 64k mono16k.mp3
encode -i source.wav -af 'pan=mono|c0=c0' -c:a flac -bitexact mono.flac
encode -f lavfi -i "aevalsrc='$sweeps':s=16000:d=0.1" -c:a flac -sample_fmt s32 -bitexact stereo24.flac
encode -i source.wav -c:a libvorbis -bitexact stereo.ogg
encode -i source.wav -af 'pan=mono|c0=c0' -c:a libvorbis -bitexact mono.ogg
encode -i source.wav -c:a libopus -bitexact stereo.opus
encode -i source.wav -af 'pan=mono|c0=c0' -c:a libopus -bitexact mono.opus
encode -i source.wav -c:a aac -b:a 128k -bitexact stereo.m4a
encode -i source.wav -c:a aac -b:a 128k -bitexact stereo.aac
encode -f lavfi -i 'testsrc=d=0.1:s=32x32' -an -bitexact silent.mp4
rm source.wav
