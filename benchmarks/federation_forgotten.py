"""What the prior knew, and what a shared change costs of it: bits on the gate's music.

    python -m benchmarks.federation_forgotten runs/federation/FedProx-16-1.npy ... [--notes 6000]

The files are those that `python -m benchmarks.federation` keeps. One JSON value: for each file the
percent by which public music, its collections and the canaries take more bits than under the prior
alone, measured as the server's gate does. It refuses to say whether that is too much.
"""

import argparse
import io
import json
import sys
from pathlib import Path

import numpy as np

from engine.adapt.adapter import Adapter, merged
from engine.model.checkpoint import SHIPPED, load
from engine.words import NO_DATA, data_folder
from federation.formats import tensorfile
from federation.formats.delta import from_vector
from federation.formats.lineage import UP
from federation.server.gate import bits_a_note
from federation.server.gate_data import packed_music
from federation.server.setup import DOWN, of_weights


def main(words: list[str]) -> int:
    """See the module."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--notes", type=int, default=6000)
    parser.add_argument("--data", type=Path)
    args = parser.parse_args(words)
    data = data_folder(args.data)
    if data is None:
        print(NO_DATA, file=sys.stderr)
        return 1
    base, metadata = load(SHIPPED)
    lineage, frozen = of_weights(SHIPPED)
    downs = {
        name.removesuffix(UP) + DOWN: (lineage.rank, base[name.removesuffix(UP)].shape[1])
        for name in lineage.names
    }
    fixed = tensorfile.read(frozen, downs, "F32").tensors
    packed, counts = packed_music(data, args.notes)
    with np.load(io.BytesIO(packed), allow_pickle=False) as archive:
        music = {name: archive[name] for name in archive.files}
    before = bits_a_note(base, metadata, music)
    report: dict[str, object] = {"notes": sum(counts.values()), "prior": before["public"]}
    for path in args.files:
        ups = from_vector(np.load(path), lineage)
        whole = merged(base, Adapter("lora", lineage.rank, lineage.prior, {**fixed, **ups}))
        after = bits_a_note(whole, metadata, music)
        report[path.stem] = {
            name: round(100.0 * (bits / before[name] - 1.0), 2) for name, bits in after.items()
        }
    print(json.dumps(report, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
