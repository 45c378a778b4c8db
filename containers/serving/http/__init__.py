"""The server: connections, requests as bytes, and the processes that answer them."""
