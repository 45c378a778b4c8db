"""Looks into a weights file before anything loads it, because loading one can run any code it names.

Reads the pickle's instructions without carrying them out and compares every name they import with
what the weights of YOLOv8's five tasks need. Loading itself is restricted too (see ``environment``).
"""

from __future__ import annotations

import pickletools
import re
import zipfile
from pathlib import Path

from workflow.contract.whole_zip import check_whole_zip

ALLOWED = re.compile(
    r"ultralytics\.nn\.tasks\.(Detection|Pose|Segmentation|Classification|OBB)Model"
    r"|ultralytics\.nn\.modules\.(block|conv|head)\.[A-Z]\w*"
    r"|ultralytics\.(yolo\.)?utils\.IterableSimpleNamespace"
    r"|ultralytics\.utils\.(loss|tal)\.[A-Za-z]\w*"
    r"|torch\.nn\.modules\.(activation|batchnorm|container|conv|dropout|linear|loss|pooling|upsampling)\.[A-Z]\w*"
    # A classifier's weights hold how it prepares a picture.
    r"|torchvision\.transforms\.transforms\.(Compose|Resize|CenterCrop|ToTensor|Normalize)"
    r"|torchvision\.transforms\.functional\.InterpolationMode"
    r"|torch\._utils\._rebuild_(tensor_v2|parameter)"
    r"|torch\.([A-Z]\w*Storage|Size|device|bool|bfloat16|float16|float32|float64|int64)"
    r"|torch\.storage\.[A-Z]\w*Storage"
    r"|numpy\.(_core|core)\.multiarray\.scalar|numpy\.dtype"
    r"|collections\.OrderedDict|pathlib\.(Posix|Windows)Path|_codecs\.encode"
    r"|(builtins|__builtin__)\.set"
)
"""Every class and function that weights may name."""

PICKLE_BYTES = 64 * 2**20
"""Largest pickle that is read; tensors lie beside it in the archive."""


class WeightsError(ValueError):
    """A weights file that is damaged or names what weights never need."""


def check_weights(path: Path) -> None:
    """Raise WeightsError unless the file is an archive whose pickle imports only what is allowed."""
    try:
        foreign = sorted(name for name in list_imports(_pickle(path)) if not ALLOWED.fullmatch(name))
    except WeightsError:
        raise
    except (zipfile.BadZipFile, OSError, EOFError, ValueError) as error:
        raise WeightsError(f"{path.name}: damaged, or not a weights file of PyTorch: {error}") from error
    if foreign:
        raise WeightsError(f"{path.name}: refused, because loading it would use {', '.join(foreign[:5])}")


def list_imports(pickled: bytes) -> set[str]:
    """Every ``module.name`` that unpickling would import.

    PyTorch writes pickles of protocol 2, where each import is one instruction that spells out its name.
    Raises WeightsError on the newer instructions, which compute what they import.
    """
    names: set[str] = set()
    for opcode, argument, _ in pickletools.genops(pickled):
        if opcode.name == "GLOBAL":
            names.add(str(argument).replace(" ", "."))
        elif opcode.name in ("STACK_GLOBAL", "INST", "EXT1", "EXT2", "EXT4"):
            raise WeightsError(f"refused: a pickle with {opcode.name}, which PyTorch never writes")
    return names


def _pickle(path: Path) -> bytes:
    check_whole_zip(path)
    with zipfile.ZipFile(path) as archive:
        # PyTorch finds a member by its name as it is stored, in capitals or not; zipfile may show another one.
        members = [item for item in archive.infolist() if item.orig_filename.lower().endswith(".pkl")]
        if len(members) != 1 or not members[0].orig_filename.endswith("/data.pkl"):
            raise WeightsError(f"{path.name}: not a weights file of PyTorch (no single data.pkl inside)")
        if members[0].file_size > PICKLE_BYTES:
            raise WeightsError(f"{path.name}: a pickle of {members[0].file_size:,} bytes is too large for weights")
        return archive.read(members[0])
