#!/usr/bin/env python3
"""Verifies evidence of the ledger offline: verify_receipt.py PUBKEY FILE [REQUEST]

PUBKEY is the ledger's public key, `<name>+<8 hexadecimal digits>+<base64>`. FILE is a response as received
(bdcd.query.v1.QueryResponse or ExchangeResponse), or a receipt alone: a c2sp.org/tlog-proof@v1 whose `extra` line carries the
entry's leaf. REQUEST holds the bytes asked with: the Inquiry message with texts trimmed and items ascending, or the request
message. Prints `ok index N of SIZE` and what else is proved, or says what does not hold and exits with 1.

Written from the specifications (c2sp.org/tlog-proof, tlog-checkpoint and signed-note; RFC 6962 section 2.1) alone, so that
it can disagree with the daemon. Needs Python 3.8 and the package `cryptography`.
"""

import base64
import binascii
import hashlib
import hmac
import re
import sys
from collections import namedtuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

SIGNATURES_MAX = 16
PROOF_HASHES_MAX = 64

Key = namedtuple("Key", "name key_id public")
Checkpoint = namedtuple("Checkpoint", "origin size root")
Receipt = namedtuple("Receipt", "leaf index proof checkpoint")


class Refused(Exception):
    """What does not hold, as a sentence."""


def decode(text, what):
    """Bytes from their one form in base64."""
    try:
        data = base64.b64decode(text.encode("ascii"), validate=True)
    except (UnicodeEncodeError, binascii.Error) as error:
        raise Refused(f"{what} is not base64") from error
    if base64.b64encode(data).decode("ascii") != text:
        raise Refused(f"{what} is not base64 in its one form")
    return data


def decode_hash(text, what):
    data = decode(text, what)
    if len(data) != 32:
        raise Refused(f"{what} is not a hash of 32 bytes")
    return data


def decode_number(text, what):
    if not re.fullmatch("0|[1-9][0-9]{0,19}", text) or int(text) >= 1 << 64:
        raise Refused(f"{what} is not a number in its one form")
    return int(text)


def is_key_name(name):
    return name != "" and not any(char.isspace() or char == "+" or ord(char) < 0x20 for char in name)


def parse_key(text):
    parts = text.split("+", 2)
    if len(parts) != 3 or not is_key_name(parts[0]) or not re.fullmatch("[0-9a-f]{8}", parts[1]):
        raise Refused("the public key has not the form <name>+<8 hexadecimal digits>+<base64>")
    name, key_id, typed = parts[0], bytes.fromhex(parts[1]), decode(parts[2], "the public key")
    if len(typed) != 33 or typed[0] != 1:
        raise Refused("the public key is not Ed25519")
    if hashlib.sha256(name.encode() + b"\n" + typed).digest()[:4] != key_id:
        raise Refused("the public key does not belong to its id")
    return Key(name, key_id, typed[1:])


def parse_receipt(text):
    head, blank, checkpoint = text.partition("\n\n")
    lines = head.split("\n")
    if not blank or lines.pop(0) != "c2sp.org/tlog-proof@v1":
        raise Refused("the file is not a receipt")
    leaf = b""
    if lines and lines[0].startswith("extra "):
        leaf = decode(lines.pop(0)[len("extra ") :], "the entry")
        if not leaf:
            raise Refused("the entry is empty, and then has no line")
    if not lines or not lines[0].startswith("index "):
        raise Refused("the receipt has no index")
    index = decode_number(lines.pop(0)[len("index ") :], "the index")
    if len(lines) > PROOF_HASHES_MAX:
        raise Refused("the proof is longer than any")
    return Receipt(leaf, index, [decode_hash(line, "a line of the proof") for line in lines], checkpoint)


def parse_note(note):
    """The signed text, and each line's key name, key id and signature."""
    text, blank, rest = note.rpartition("\n\n")
    if not blank or not rest.endswith("\n") or any(char < " " and char != "\n" for char in note):
        raise Refused("the checkpoint is not a signed note")
    lines = rest[:-1].split("\n")
    if len(lines) > SIGNATURES_MAX:
        raise Refused("the checkpoint has too many signatures")
    signatures = []
    for line in lines:
        parts = line.split(" ", 2)
        if len(parts) != 3 or parts[0] != "\u2014" or not is_key_name(parts[1]):
            raise Refused("the checkpoint has a line that is no signature")
        signed = decode(parts[2], "a signature")
        if len(signed) < 5:
            raise Refused("a signature is too short")
        signatures.append((parts[1], signed[:4], signed[4:]))
    return text + "\n", signatures


def verify_checkpoint(note, key):
    text, signatures = parse_note(note)
    if len(signatures) != 1:
        raise Refused(f"the checkpoint has {len(signatures)} signatures, and a ledger writes one into a receipt")
    ours = [signature for name, key_id, signature in signatures if (name, key_id) == (key.name, key.key_id)]
    if len(ours) != 1:
        raise Refused(f"the checkpoint has {len(ours)} signatures by the key, not one")
    try:
        Ed25519PublicKey.from_public_bytes(key.public).verify(ours[0], text.encode())
    except (InvalidSignature, ValueError) as error:
        raise Refused("the signature is not one of this checkpoint") from error
    lines = text.split("\n")
    if len(lines) != 4 or lines[3] != "":
        raise Refused("the checkpoint does not have three lines")
    if lines[0] != key.name:
        raise Refused("the checkpoint is of another ledger")
    return Checkpoint(lines[0], decode_number(lines[1], "the size"), decode_hash(lines[2], "the root"))


def leaf_hash(leaf):
    return hashlib.sha256(b"\x00" + leaf).digest()


def node_hash(left, right):
    return hashlib.sha256(b"\x01" + left + right).digest()


def root_of_inclusion(index, size, leaf, proof):
    """The root that leaf and proof lead to, halving the tree from above as RFC 6962 defines it."""
    if size == 1:
        if proof:
            raise Refused("the proof is longer than its place in the ledger asks for")
        return leaf_hash(leaf)
    if not proof:
        raise Refused("the proof is shorter than its place in the ledger asks for")
    left = 1 << ((size - 1).bit_length() - 1)
    if index < left:
        return node_hash(root_of_inclusion(index, left, leaf, proof[:-1]), proof[-1])
    return node_hash(proof[-1], root_of_inclusion(index - left, size - left, leaf, proof[:-1]))


def verify_receipt(key, text):
    """The receipt and its checkpoint, where both hold; else raises Refused."""
    receipt = parse_receipt(text)
    checkpoint = verify_checkpoint(receipt.checkpoint, key)
    if receipt.index >= checkpoint.size:
        raise Refused(f"entry {receipt.index} is past a ledger of {checkpoint.size} entries")
    if root_of_inclusion(receipt.index, checkpoint.size, receipt.leaf, receipt.proof) != checkpoint.root:
        raise Refused(f"entry {receipt.index} is not in the signed ledger of {checkpoint.size} entries")
    return receipt, checkpoint


def parse_fields(message):
    """The fields of a protobuf message that has length-delimited ones alone, by tag."""
    fields, at = {}, 0

    def varint():
        nonlocal at
        value = shift = 0
        while True:
            if at >= len(message) or shift > 63:
                raise Refused("the response is cut short")
            byte = message[at]
            at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    while at < len(message):
        key = varint()
        length = varint()
        if key & 7 != 2 or key >> 3 in fields or at + length > len(message):
            raise Refused("the response is not one of a registry")
        fields[key >> 3] = message[at : at + length]
        at += length
    return fields


def commitment(opening, what, data):
    return base64.b64encode(hmac.new(opening, what + b"\n" + data, hashlib.sha256).digest()).decode()


def verify_response(key, response, request=None):
    """Receipt and checkpoint of a response that is what its entry commits to; likewise the request, where given."""
    fields = parse_fields(response)
    if set(fields) - {1} != {2, 3} or len(fields[3]) != 32:
        raise Refused("the response is not one of a registry")
    try:
        text = fields[2].decode("utf-8")
    except UnicodeDecodeError as error:
        raise Refused("the receipt is not text") from error
    receipt, checkpoint = verify_receipt(key, text)
    facts = dict(line.split(" ", 1) for line in receipt.leaf.decode("utf-8").splitlines() if " " in line)
    if not hmac.compare_digest(facts.get("answer", ""), commitment(fields[3], b"answer", fields.get(1, b""))):
        raise Refused("the receipt is of another answer")
    if request is not None and not hmac.compare_digest(
        facts.get("inquiry", ""), commitment(fields[3], b"inquiry", request)
    ):
        raise Refused("the answer is to another request")
    return receipt, checkpoint


def main(arguments):
    if len(arguments) not in (2, 3):
        print("usage: verify_receipt.py PUBKEY FILE [REQUEST]", file=sys.stderr)
        return 2
    try:
        contents = []
        for path in arguments[1:]:
            with open(path, "rb") as file:
                contents.append(file.read())
        key = parse_key(arguments[0])
        if contents[0].startswith(b"c2sp.org/") and len(contents) == 1:
            receipt, checkpoint = verify_receipt(key, contents[0].decode("utf-8"))
            proved = ""
        else:
            receipt, checkpoint = verify_response(key, *contents)
            proved = ", answer" + (" and request" if len(contents) == 2 else "")
    except OSError as error:
        print(f"a file cannot be read: {error}", file=sys.stderr)
        return 1
    except UnicodeDecodeError:
        print("the receipt is not text", file=sys.stderr)
        return 1
    except Refused as refused:
        print(refused, file=sys.stderr)
        return 1
    print(f"ok index {receipt.index} of {checkpoint.size}{proved}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
