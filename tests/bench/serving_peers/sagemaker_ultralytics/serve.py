"""What SageMaker's PyTorch inference image runs; the file it would write below /etc goes into the base folder."""

# mypy: disable-error-code="import-not-found"

import os
import socket
from pathlib import Path

from sagemaker_pytorch_serving_container import handler_service, torchserve


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on."""
    listeners = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [int(listener.getsockname()[1]) for listener in listeners]
    for listener in listeners:
        listener.close()
    return ports


if __name__ == "__main__":
    base = Path(os.environ["SAGEMAKER_BASE_DIR"])
    defaults = base / "defaults.properties"
    # The ports that nobody here asks are fixed otherwise, and may be taken.
    metrics, inference, management = free_ports(3)
    own = f"""
metrics_address=http://127.0.0.1:{metrics}
grpc_inference_port={inference}
grpc_management_port={management}
"""
    defaults.write_text(Path(torchserve.DEFAULT_TS_CONFIG_FILE).read_text() + own)
    torchserve.DEFAULT_TS_CONFIG_FILE = str(defaults)
    torchserve.TS_CONFIG_FILE = str(base / "torchserve.properties")
    torchserve.start_torchserve(handler_service=handler_service.__file__)
