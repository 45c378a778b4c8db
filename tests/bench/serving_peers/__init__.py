"""What people serve YOLOv8 with today: each folder is one way, with its own pinned environment, asked by the benchmark.

Settings come from the environment: PEER_WEIGHTS (a .pt file) or PEER_ONNX (a graph), PEER_PORT, PEER_WORKERS
(processes with a model each) and PEER_THREADS (of the inference in each of them).
"""
