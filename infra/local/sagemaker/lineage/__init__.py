"""Lineage: artifacts, what they are associated with, and what SageMaker itself keeps of jobs and endpoints."""
