"""What the service remembers: records by kind and name, and tags by ARN.

A record is the document its Describe operation answers with, plus members that start with an underscore, which stay
inside. Everything is plain JSON, so that the whole store is saved and loaded as it is. It knows no kind by name.
"""

from __future__ import annotations

import copy
import threading
from typing import Any

Record = dict[str, Any]


class Store:
    """Thread-safe; every record read is a copy, every change goes through a method."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self._records: dict[str, dict[str, Record]] = {}
        self._tags: dict[str, dict[str, str]] = {}

    def read(self, kind: str, name: str) -> Record | None:
        """A copy of one record, or ``None``."""
        with self.lock:
            return copy.deepcopy(self._records.get(kind, {}).get(name))

    def every(self, kind: str) -> list[Record]:
        """Copies of all records of a kind, oldest first."""
        with self.lock:
            return copy.deepcopy(list(self._records.get(kind, {}).values()))

    def add(self, kind: str, name: str, record: Record) -> bool:
        """Keep a new record; ``False`` when the name is taken."""
        with self.lock:
            records = self._records.setdefault(kind, {})
            if name in records:
                return False
            records[name] = copy.deepcopy(record)
            return True

    def change(self, kind: str, name: str, **members: Any) -> None:
        """Set members of a record that exists; ``None`` removes one; a record deleted meanwhile is left alone."""
        with self.lock:
            record = self._records.get(kind, {}).get(name)
            if record is None:
                return
            for member, value in members.items():
                if value is None:
                    record.pop(member, None)
                else:
                    record[member] = copy.deepcopy(value)

    def remove(self, kind: str, name: str) -> Record | None:
        """Forget a record and its tags; the record is handed back."""
        with self.lock:
            return self._records.get(kind, {}).pop(name, None)

    def tag(self, arn: str, tags: list[dict[str, str]] | None) -> None:
        """Add or replace tags of a resource."""
        with self.lock:
            self._tags.setdefault(arn, {}).update({tag["Key"]: tag["Value"] for tag in tags or []})

    def untag(self, arn: str, keys: list[str] | None = None) -> None:
        """Remove some tags of a resource, or all of them."""
        with self.lock:
            if keys is None:
                self._tags.pop(arn, None)
                return
            for key in keys:
                self._tags.get(arn, {}).pop(key, None)

    def tags(self, arn: str) -> list[dict[str, str]]:
        """A resource's tags in the API's shape."""
        with self.lock:
            return [{"Key": key, "Value": value} for key, value in self._tags.get(arn, {}).items()]

    def dump(self) -> dict[str, Any]:
        """Everything, as JSON."""
        with self.lock:
            return copy.deepcopy({"version": 1, "records": self._records, "tags": self._tags})

    def load(self, document: dict[str, Any]) -> None:
        """Replace everything by what ``dump`` gave earlier."""
        with self.lock:
            self._records = copy.deepcopy(document["records"])
            self._tags = copy.deepcopy(document["tags"])

    def clear(self) -> None:
        """Forget everything."""
        with self.lock:
            self._records.clear()
            self._tags.clear()
