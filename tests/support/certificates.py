"""A certificate of a test's own for 127.0.0.1, signed by itself."""

import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from Crypto.Hash import SHA256
from Crypto.PublicKey import ECC
from Crypto.Signature import DSS
from Crypto.Util.asn1 import DerBitString, DerInteger, DerObjectId, DerOctetString, DerSequence

_ECDSA_SHA256 = "1.2.840.10045.4.3.2"
_NAME, _ALTERNATIVE = "2.5.4.3", "2.5.29.17"
_LOOPBACK = b"\x87\x04\x7f\x00\x00\x01"  # an address of IP, 127.0.0.1


@dataclass(frozen=True, slots=True)
class Certificate:
    """A file with the certificate, and one with its key."""

    public: Path
    private: Path

    def server(self) -> ssl.SSLContext:
        """What a server shows it with."""
        made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        made.load_cert_chain(self.public, self.private)
        return made

    def client(self) -> ssl.SSLContext:
        """What takes this certificate, and no other, for good."""
        return ssl.create_default_context(cafile=str(self.public))


def certificate(folder: Path) -> Certificate:
    """A new one, good for a day around now, in files of this folder."""
    key = ECC.generate(curve="P-256")
    algorithm = DerSequence([DerObjectId(_ECDSA_SHA256)]).encode()
    name = _sequence(_set(_sequence(DerObjectId(_NAME).encode(), _text("loopback"))))
    now = datetime.now(UTC)
    times = _sequence(*(_time(now + timedelta(hours=hours)) for hours in (-12, 12)))
    names = DerOctetString(_sequence(_LOOPBACK)).encode()
    more = _tagged(3, _sequence(_sequence(DerObjectId(_ALTERNATIVE).encode(), names)))
    public = key.public_key().export_key(format="DER")
    body = _sequence(
        _tagged(0, DerInteger(2).encode()),
        DerInteger(int.from_bytes(SHA256.new(public).digest()[:8])).encode(),
        algorithm,
        name,
        times,
        name,
        public,
        more,
    )
    signature = DSS.new(key, "fips-186-3", encoding="der").sign(SHA256.new(body))
    whole = _sequence(body, algorithm, DerBitString(signature).encode())
    found = Certificate(folder / "public.pem", folder / "private.pem")
    found.public.write_text(ssl.DER_cert_to_PEM_cert(whole))
    found.private.write_text(key.export_key(format="PEM"))
    return found


def _sequence(*parts: bytes) -> bytes:
    return _wrapped(0x30, b"".join(parts))


def _set(*parts: bytes) -> bytes:
    return _wrapped(0x31, b"".join(parts))


def _tagged(number: int, part: bytes) -> bytes:
    return _wrapped(0xA0 | number, part)


def _text(text: str) -> bytes:
    return _wrapped(0x0C, text.encode())


def _time(moment: datetime) -> bytes:
    return _wrapped(0x17, moment.strftime("%y%m%d%H%M%SZ").encode())


def _wrapped(tag: int, content: bytes) -> bytes:
    size = len(content)
    if size < 0x80:
        return bytes((tag, size)) + content
    digits = size.to_bytes((size.bit_length() + 7) // 8)
    return bytes((tag, 0x80 | len(digits))) + digits + content
