"""What is signed for, for tests: marked by moto's KMS with the key that the functions are told of, or with another."""

from __future__ import annotations

from typing import Any

from tests.lambdas.conftest import ENVIRONMENT, client
from workflow.contract.champion import ChampionRecord
from workflow.contract.decision import Decision, SignedDecision
from workflow.contract.mark import MAC_ALGORITHM


class Signer:
    """A key of the account; that of the stack where ``alias`` is what the functions know it by."""

    def __init__(self, alias: str = ENVIRONMENT["DECISION_KEY"]) -> None:
        self.kms = client("kms")
        made = self.kms.create_key(KeySpec="HMAC_256", KeyUsage="GENERATE_VERIFY_MAC")
        self.key: str = made["KeyMetadata"]["KeyId"]
        self.kms.create_alias(AliasName=alias, TargetKeyId=self.key)

    def item(self, decision: Decision) -> dict[str, Any]:
        """The table's item of a decision that this key has marked."""
        message = decision.message()
        mac = self.kms.generate_mac(KeyId=self.key, MacAlgorithm=MAC_ALGORITHM, Message=message)["Mac"]
        return SignedDecision(decision, mac).item()


def recorded(item: dict[str, Any]) -> dict[str, Any]:
    """The champion's item as the function that records writes it, with the mark of the stack's key."""
    record = ChampionRecord.parse(item)
    marked = {"KeyId": ENVIRONMENT["RECORD_KEY"], "MacAlgorithm": MAC_ALGORITHM}
    return record.marked(client("kms").generate_mac(**marked, Message=record.message())["Mac"])
