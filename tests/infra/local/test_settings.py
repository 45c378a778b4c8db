"""What the stand-in lets through of the shell that started it."""

from __future__ import annotations

from pathlib import Path

from infra.local.settings import Settings

SETTINGS = Settings(host="127.0.0.1", port=4566, state=Path("/state"))


def test_real_credentials_do_not_reach_the_stand_in() -> None:
    """Neither keys nor a profile of a real account can be used by what runs inside."""
    environment = SETTINGS.environment(
        {"AWS_ACCESS_KEY_ID": "real", "AWS_SECRET_ACCESS_KEY": "real", "AWS_SESSION_TOKEN": "real", "AWS_PROFILE": "p"}
    )
    assert environment["AWS_ACCESS_KEY_ID"] == environment["AWS_SECRET_ACCESS_KEY"] == "test"
    assert "AWS_SESSION_TOKEN" not in environment
    assert "AWS_PROFILE" not in environment


def test_every_client_inside_is_pointed_at_the_stand_in() -> None:
    """Whatever address was set before is replaced, and nobody asks for instance metadata."""
    environment = SETTINGS.environment({"AWS_ENDPOINT_URL": "https://elsewhere", "PATH": "/bin", "PYTHONPATH": "/x"})
    assert environment["AWS_ENDPOINT_URL"] == "http://127.0.0.1:4566"
    assert environment["AWS_EC2_METADATA_DISABLED"] == "true"
    assert environment["PATH"] == "/bin"
    assert "PYTHONPATH" not in environment


def test_everything_is_kept_in_the_state() -> None:
    """The engine's own folders lie below it, and persistence is on."""
    environment = SETTINGS.environment({})
    assert environment["STATE_DIR"] == "/state/engine"
    assert environment["S3_DATA_DIR"] == "/state/s3"
    assert (environment["PERSIST_STATE"], environment["S3_PERSIST"]) == ("1", "1")


def test_a_stand_in_for_everyone_is_reached_on_this_machine() -> None:
    """:: is where to listen, not where to connect to."""
    assert Settings(host="::", port=1, state=Path("/state")).url == "http://127.0.0.1:1"
