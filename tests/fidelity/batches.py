"""Record batches for Produce requests, right and wrong ones."""

import base64
import json

_CRC_AT, _SEALED_FROM = 17, 21  # the checksum, and what it is of


def _crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def _batch(values):
    """One batch as a document. `records`: how many, `first`: the number that their values begin with, `size`: of each
    value, `stamp`: the timestamp of the first, `gap`: from one timestamp to the next."""
    count, first = values.get("records", 1), values.get("first", 0)
    stamp, gap = values.get("stamp", 1000000), values.get("gap", 1)
    offset = values.get("base", 0)
    producer = values.get("producer", -1)
    records = [{
        "offset": offset + n, "timestamp": stamp + n * gap, "timestampType": "CreateTime",
        "key": f"{first + n:04x}" if values.get("key", True) else None,
        "value": f"{first + n:04x}" + "00" * values.get("size", 0),
        "headers": [["h", "01"]] if values.get("headers") else []} for n in range(count)]
    batch = {
        "magic": 2, "compression": values.get("codec", "none"), "baseOffset": offset,
        "lastOffset": offset + count - 1, "count": count, "timestampType": "CreateTime",
        "maxTimestamp": max([stamp, stamp + (count - 1) * gap]), "deleteHorizonMs": None, "producerId": producer,
        "producerEpoch": values.get("epoch", -1), "baseSequence": values.get("sequence", -1),
        "isTransactional": values.get("transactional", False), "isControl": values.get("control", False),
        "partitionLeaderEpoch": -1}
    return {"batches": [batch], "records": records}


def _patched(data, values):
    """The batch with bytes replaced, `patch=OFFSET:HEX,...`, and its checksum made right, or wrong with `crc=bad`."""
    data = bytearray(data)
    for patch in filter(None, str(values.get("patch", "")).split(",")):
        at, digits = patch.split(":")
        piece = bytes.fromhex(digits)
        data[int(at):int(at) + len(piece)] = piece
    if "patch" in values:
        data[_CRC_AT:_SEALED_FROM] = _crc32c(data[_SEALED_FROM:]).to_bytes(4, "big")
    if values.get("crc") == "bad":
        data[_CRC_AT] ^= 1
    return bytes(data[:len(data) - values.get("cut", 0)])


def build(encode, values):
    """The records of a Produce request in base64; null with `records=null`. `batches=N`: the batch so many times.
    `encode` turns a document into hexadecimal digits."""
    if values.get("records", 1) is None:
        return None
    text = encode(json.dumps(_batch(values)))
    if text.startswith("{"):
        raise ValueError(f"{text} in {values}")
    data = _patched(bytes.fromhex(text), values) * values.get("batches", 1)
    return base64.b64encode(data).decode()


def _shown_batch(batch):
    stamped = batch["isControl"] or batch["timestampType"] == "LogAppendTime"
    hidden = {"checksum", "maxTimestamp"} if stamped else {"checksum"} if batch["producerId"] >= 0 else {}
    return {key: value for key, value in batch.items() if key not in hidden}


def show(document):
    """A decoded record set as it is compared: times that a broker gave are left out."""
    records = []
    for record in document.get("records", []):
        stamp = record["timestamp"] if record["timestamp"] < 10 ** 12 else "recent"
        headers = "".join(f" {name}={value}" for name, value in record["headers"])
        records.append(f"{record['offset']}@{stamp} {record['key']}={record['value'][:16]}{headers}")
    return {"batches": [_shown_batch(batch) for batch in document.get("batches", [])], "records": " ".join(records),
            **({"error": document["error"]} if "error" in document else {})}
