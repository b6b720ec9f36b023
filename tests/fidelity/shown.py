"""What is compared of a response: everything but what differs from one cluster or run to the next."""

import base64
import json

import batches
from meant import ABSENT_APIS, ABSENT_FIRST_VERSIONS, FEATURES, INTERNAL_TOPICS

_HIDDEN = {"throttleTimeMs", "errorMessage", "host", "port", "clusterId", "rack", "finalizedFeaturesEpoch",
           "batchIndexErrorMessage"}
_HIDDEN_AFTER = _HIDDEN | {"transactionStartTimeMs"}  # what is left of it afterwards means nothing
_NO_ID = "A" * 22
_RECENT = 10 ** 12  # milliseconds: a time that a clock gave
# Members with a number or text that the cluster chose, and what to call it.
_CHOSEN = {"producerId": "producer", "topicId": "topic id", "sessionId": "session", "memberId": "member",
           "leader": "member", "nextProducerId": "producer"}
_UNCHOSEN = {0, -1, "", _NO_ID, None}


def codes(document):
    """All error codes in a document."""
    if isinstance(document, list):
        return [code for item in document for code in codes(item)]
    if not isinstance(document, dict):
        return []
    own = [value for key, value in document.items() if key in ("errorCode", "partitionErrorCode")]
    return own + [code for value in document.values() for code in codes(value)]


def _offered(document):
    """An ApiVersions response with what the model is about."""
    ranges = {str(api["apiKey"]): (None if api["apiKey"] in ABSENT_FIRST_VERSIONS else api["minVersion"],
                                   api["maxVersion"])
              for api in document["apiKeys"] if api["apiKey"] not in ABSENT_APIS}
    features = {member: [feature for feature in document[member] if feature["name"] in FEATURES]
                for member in ("supportedFeatures", "finalizedFeatures") if member in document}
    return {**document, **features, "apiKeys": ranges}


class Shown:
    """Turns the responses of a script into what is compared. What a cluster chose is called by the order in which it
    appeared."""

    def __init__(self, decode, prefix):
        self._decode = decode  # makes documents of record sets
        self._prefix = prefix  # of what belongs to the script
        self._names = {}

    def response(self, name, document):
        """A response as it is compared."""
        if name == "ApiVersions":
            document = _offered(document)
        if name == "CreateTopics":  # shows all settings of the topic; the model has those that clients look for
            document = {**document, "topics": [{**topic, "configs": None} for topic in document["topics"]]}
        return self._named(self._in_order(self._own(document)))

    def _own(self, value, key=None):
        """Without what is hidden, and what other scripts made; record sets are decoded."""
        if isinstance(value, dict):
            hidden = _HIDDEN if value.get("transactionState") == "Ongoing" else _HIDDEN_AFTER
            return {name: self._own(member, name) for name, member in value.items() if name not in hidden}
        if isinstance(value, list):
            return [self._own(item, key) for item in value if not self._foreign(item, key)]
        if key == "records" and isinstance(value, str):
            return self._records(base64.b64decode(value))
        if isinstance(value, int) and value > _RECENT and "ime" in key:
            return "recent"
        return value

    def _foreign(self, item, key):
        """Whether it belongs to another script; of nameless items, whether this script has not seen them."""
        if key not in ("topics", "groups", "transactionStates") or not isinstance(item, dict):
            return False
        name = item.get("name") or item.get("groupId") or item.get("transactionalId")
        if not isinstance(name, str):
            return False
        return name in INTERNAL_TOPICS or (name.startswith("of-") and not name.startswith(self._prefix))

    def _records(self, data):
        return batches.show(json.loads(self._decode(data.hex()))) if data else ""

    def _in_order(self, value):
        """Lists in an order of their own: brokers answer in that of hash tables."""
        if isinstance(value, dict):
            return {key: self._in_order(member) for key, member in value.items()}
        if not isinstance(value, list):
            return value
        return sorted(map(self._in_order, value), key=lambda item: json.dumps(self._blank(item), sort_keys=True))

    def _blank(self, value, key=None):
        """For sorting: without what the cluster chose and has not shown before."""
        if isinstance(value, dict):
            return {name: self._blank(member, name) for name, member in value.items()}
        if isinstance(value, list):
            return [self._blank(item, key) for item in value]
        if key in _CHOSEN and value not in _UNCHOSEN:
            return self._names.get((_CHOSEN[key], value), "")
        return value

    def _named(self, value, key=None):
        if isinstance(value, dict):
            return {name: self._named(member, name) for name, member in value.items()}
        if isinstance(value, list):
            return [self._named(item, key) for item in value]
        kind = _CHOSEN.get(key)
        if kind and (kind != "member" or isinstance(value, str)) and value not in _UNCHOSEN:
            count = sum(1 for known in self._names if known[0] == kind)
            return self._names.setdefault((kind, value), f"{kind} {count + 1}")
        return value
