"""The picture of a form, out of its body."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from workflow.console.picture_form import first_file

KIND = "multipart/form-data; boundary=XYZ"


@given(st.binary(max_size=300))
def test_a_file_comes_out_as_it_was_sent(content: bytes) -> None:
    """Whatever its bytes are, line ends at its end included."""
    head = b'--XYZ\r\nContent-Disposition: form-data; name="picture"; filename="a.jpg"\r\n\r\n'
    if b"--XYZ" not in content:
        assert first_file(KIND, head + content + b"\r\n--XYZ--\r\n") == content


def test_a_form_without_a_file_has_none() -> None:
    """Nothing was chosen, or no form was sent at all."""
    assert first_file(KIND, b'--XYZ\r\nContent-Disposition: form-data; name="picture"\r\n\r\nx\r\n--XYZ--\r\n') == b""
    assert first_file("application/json", b"{}") == b""
