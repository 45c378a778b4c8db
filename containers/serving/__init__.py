"""The serving image: one predictor, served over HTTP and measured on the held-out images."""
