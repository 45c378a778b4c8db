"""AddTags, ListTags and DeleteTags for every kind of resource."""

from __future__ import annotations

from infra.local.sagemaker.store import Record
from infra.local.sagemaker.workshop import Workshop


class Tags:
    """Tags by ARN; as on AWS, tags may be added before anything else is known of a resource."""

    def __init__(self, workshop: Workshop) -> None:
        self._store = workshop.store

    def add(self, parameters: Record) -> Record:
        """Add or replace tags."""
        self._store.tag(parameters["ResourceArn"], parameters["Tags"])
        return {"Tags": self._store.tags(parameters["ResourceArn"])}

    def list_all(self, parameters: Record) -> Record:
        """All tags of a resource on one page."""
        return {"Tags": self._store.tags(parameters["ResourceArn"])}

    def delete(self, parameters: Record) -> Record:
        """Remove tags by key."""
        self._store.untag(parameters["ResourceArn"], parameters["TagKeys"])
        return {}
