"""Associations between entities, one for each pair in each direction, and the way along them."""

from __future__ import annotations

import time
from collections import deque

from infra.local.sagemaker.callers import user_context
from infra.local.sagemaker.errors import invalid, lacking, not_found
from infra.local.sagemaker.lineage.entities import Entities, Entity
from infra.local.sagemaker.listing import listed
from infra.local.sagemaker.store import Record
from infra.local.sagemaker.workshop import Workshop

KIND = "association"

_FILTERS = ("SourceArn", "DestinationArn", "SourceType", "DestinationType", "AssociationType")
_DEEPEST = 10


class Associations:
    """AddAssociation, its siblings, and QueryLineage."""

    def __init__(self, workshop: Workshop, entities: Entities) -> None:
        self._workshop = workshop
        self._entities = entities

    def add(self, parameters: Record) -> Record:
        """Associate two entities that exist; refused where they are already."""
        ends = {end: self._entity(parameters[f"{end}Arn"]) for end in ("Source", "Destination")}
        record: Record = {"CreationTime": time.time(), "CreatedBy": user_context()}
        for end, entity in ends.items():
            record |= {f"{end}Arn": entity.arn, f"{end}Type": entity.type}
            if entity.name:
                record[f"{end}Name"] = entity.name
        if "AssociationType" in parameters:
            record["AssociationType"] = parameters["AssociationType"]
        if not self._workshop.store.add(KIND, _key(record), record):
            raise invalid(f"Association of {record['SourceArn']} with {record['DestinationArn']} already exists.")
        return {name: record[name] for name in ("SourceArn", "DestinationArn")}

    def list_all(self, parameters: Record) -> Record:
        """The associations, filtered and in pages."""
        associations = [
            one
            for one in self._workshop.store.every(KIND)
            if all(one.get(name) == parameters[name] for name in _FILTERS if name in parameters)
        ]
        return listed("ListAssociations", parameters, associations, "Association")

    def delete(self, parameters: Record) -> Record:
        """Forget an association."""
        if self._workshop.store.remove(KIND, _key(parameters)) is None:
            raise not_found(
                f"Association of {parameters['SourceArn']} with {parameters['DestinationArn']} does not exist."
            )
        return {name: parameters[name] for name in ("SourceArn", "DestinationArn")}

    def query(self, parameters: Record) -> Record:
        """What is reached from one entity along its associations, on one page."""
        if len(parameters.get("StartArns", [])) != 1:
            raise lacking("QueryLineage without one of StartArns")
        (start,) = parameters["StartArns"]
        self._entity(start)
        direction = parameters.get("Direction", "Both")
        reached, edges, ahead = {start}, [], deque([(start, 0)])
        while ahead:
            arn, depth = ahead.popleft()
            if depth == parameters.get("MaxDepth", _DEEPEST):
                continue
            for one, other in self._next_to(arn, direction):
                if one not in edges:
                    edges.append(one)
                if other not in reached:
                    reached.add(other)
                    ahead.append((other, depth + 1))
        # An endpoint that was deleted leaves its associations.
        found = [entity for arn in reached if arn != start and (entity := self._entities.find(arn))]
        answer: Record = {"Vertices": [{"Arn": one.arn, "Type": one.type, "LineageType": one.lineage} for one in found]}
        if parameters.get("IncludeEdges", True):
            names = ("SourceArn", "DestinationArn", "AssociationType")
            answer["Edges"] = [{name: edge[name] for name in names if name in edge} for edge in edges]
        return answer

    def _next_to(self, arn: str, direction: str) -> list[tuple[Record, str]]:
        found = []
        for one in self._workshop.store.every(KIND):
            if one["SourceArn"] == arn and direction != "Ascendants":
                found.append((one, str(one["DestinationArn"])))
            if one["DestinationArn"] == arn and direction != "Descendants":
                found.append((one, str(one["SourceArn"])))
        return found

    def _entity(self, arn: str) -> Entity:
        entity = self._entities.find(arn)
        if entity is None:
            raise not_found(f"{arn} does not exist.")
        return entity


def _key(record: Record) -> str:
    return f"{record['SourceArn']} {record['DestinationArn']}"
