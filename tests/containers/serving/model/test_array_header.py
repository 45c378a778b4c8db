"""Arrays of pixels: what their bytes say of themselves."""

from __future__ import annotations

import contextlib
import io
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from containers.serving.model.array_header import read_array_header, split_stack
from containers.serving.model.image_header import ImageError

PICTURE = np.zeros((4, 6, 3), np.uint8)


def npy(array: np.ndarray, version: tuple[int, int] = (1, 0)) -> bytes:
    stream = io.BytesIO()
    np.lib.format.write_array(stream, array, version)
    return stream.getvalue()


def headed(text: bytes, values: bytes = b"") -> bytes:
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text + values


@pytest.mark.parametrize("version", [(1, 0), (2, 0), (3, 0)])
@pytest.mark.parametrize("shape", [(4, 6), (4, 6, 3), (2, 4, 6, 3), (1, 3), (1, 1, 3)])
def test_what_numpy_writes_is_read(shape: tuple[int, ...], version: tuple[int, int]) -> None:
    """Every version of the format, every shape we take; the values start where numpy put them."""
    data = npy(np.full(shape, 7, np.uint8), version)
    header = read_array_header(data)
    assert header.shape == shape
    assert data[header.start :] == bytes([7]) * int(np.prod(shape))


def test_the_order_of_the_values_is_known() -> None:
    """NumPy writes an array as it lies in memory, and some programs fill columns first."""
    orders = [read_array_header(npy(one)).fortran_order for one in (PICTURE, np.asfortranarray(PICTURE))]
    assert orders == [False, True]


@pytest.mark.parametrize(
    "text",
    [
        b'{"shape": (1,3), "fortran_order": False, "descr": "<u1"}\n',
        b"{'descr':'u1','fortran_order':False,'shape':(1,3),}",
        b"  { 'descr' : '|u1' , 'shape' : ( 1 , 3 ) , 'fortran_order' : False , } ",
    ],
)
def test_what_other_programs_write_is_read(text: bytes) -> None:
    """Entries in another order, other quotes, other spaces."""
    assert read_array_header(headed(text, bytes(3))).shape == (1, 3)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "is no .npy file"),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "is no .npy file"),
        (b"\x93NUMPY\x02\x00\xff\xff\xff\xff", "is no .npy file"),
        (npy(PICTURE)[:20], "is no .npy file"),
        (headed(b"{'descr': '|u1'}"), "header that cannot be read"),
        (headed(b"{'descr': True, 'fortran_order': False, 'shape': (1, 3)}", bytes(3)), "header that cannot be read"),
        (headed(b"{'descr': '|u1', 'fortran_order': (), 'shape': (1, 3)}", bytes(3)), "header that cannot be read"),
        (headed(b"{'descr': '|u1', 'fortran_order': True, 'shape': (1,,3)}", bytes(3)), "header that cannot be read"),
        (headed(b"{'descr': '|u1', 'fortran_order': True, 'shape': (-1, -3)}", bytes(3)), "header that cannot be read"),
        (headed(b"__import__('os').abort()"), "header that cannot be read"),
        (npy(np.zeros(3, [("red", np.uint8)])), "header that cannot be read"),
        (headed(b"{'descr': '|O', 'fortran_order': False, 'shape': (1, 3)}", bytes(3)), "type is '|O': send"),
        (npy(PICTURE.astype(np.float32)), "type is '<f4': send numbers from 0 to 255 as uint8"),
        (npy(np.zeros((3, 4, 6), np.uint8)), r"shape is [3, 4, 6]: send [height, width, 3]"),
        (npy(np.zeros((2, 2, 4, 6, 3), np.uint8)), "shape is [2, 2, 4, 6, 3]: send"),
        (npy(np.zeros((), np.uint8)), "shape is []: send"),
        (npy(np.zeros((0, 6, 3), np.uint8)), "shape is [0, 6, 3]: send"),
        (npy(PICTURE)[:-1], "shape [4, 6, 3] needs 72 bytes, found 71"),
        (npy(PICTURE) + b"x", "needs 72 bytes, found 73"),
        (npy(PICTURE).replace(b"(4, 6, 3)", b"(99999,3)"), "needs 299997 bytes, found 72"),
        (npy(PICTURE).replace(b"(4, 6, 3), ", b"(9999,9999)"), "has 9999 x 9999 pixels, at most 50000000"),
    ],
    ids=lambda value: value[:40] if isinstance(value, str) else "",
)
def test_another_array_is_refused_with_what_to_send(data: bytes, said: str) -> None:
    """Type, shape, size and length, in one sentence each."""
    with pytest.raises(ImageError) as refused:
        read_array_header(data)
    assert said in str(refused.value)
    assert len(str(refused.value)) < 200


@pytest.mark.parametrize("sides", [b"9" * 950 + b",9,3", b"9," * 470 + b"3", b"9" * 60_000, b" " * 950])
def test_a_shape_without_end_is_refused_in_no_time(sides: bytes) -> None:
    """Digits and sides without bound."""
    with pytest.raises(ImageError):
        read_array_header(headed(b"{'descr': '|u1', 'fortran_order': False, 'shape': (" + sides + b")}"))


@given(st.integers(1, 4), st.integers(1, 9), st.integers(1, 9), st.sampled_from("CF"))
def test_a_stack_is_cut_into_files_that_numpy_reads(count: int, height: int, width: int, order: Any) -> None:
    """Each a picture of the stack, aligned as numpy itself aligns it."""
    stack = np.arange(count * height * width * 3, dtype=np.uint8).reshape(count, height, width, 3)
    data = npy(np.array(stack, order=order))
    pictures = split_stack(data, read_array_header(data))
    assert np.array_equal([np.load(io.BytesIO(picture)) for picture in pictures], stack)
    assert {read_array_header(picture).start % 64 for picture in pictures} == {0}


@given(st.text(st.sampled_from("descrfotanohpTuFl|<u1f4()[],: '0123{}"), max_size=120))
def test_no_header_brings_anything_but_a_refusal(text: str) -> None:
    """Nothing is evaluated to understand it."""
    for body in (text, "{'descr': '|u1', 'fortran_order': False, " + text):
        with contextlib.suppress(ImageError):
            assert read_array_header(headed(body.encode()))
