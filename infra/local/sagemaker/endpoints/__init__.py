"""Endpoints: their configurations, their containers, how their traffic moves, and what watches over it."""
