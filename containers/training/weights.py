"""Looks into a weights file before anything loads it, because loading one can run any code it names.

Reads the pickle's instructions without carrying them out and compares every name they import with
what the weights of the families' five tasks need. Loading itself is restricted too (see ``environment``).
"""

from __future__ import annotations

import pickletools
import re
import zipfile
from pathlib import Path

from workflow.contract.weights import WeightsError, read_pickle
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


def check_weights(path: Path) -> None:
    """Raise WeightsError unless the file is an archive whose pickle imports only what is allowed."""
    try:
        check_whole_zip(path)
        foreign = sorted(name for name in list_imports(read_pickle(path)) if not ALLOWED.fullmatch(name))
    except WeightsError as error:
        raise WeightsError(f"{path.name}: {error}") from error
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
