"""Plan a run: check its input, fingerprint its data, name its jobs, find the champion."""
