"""The shapes of the answers, as the API's own description says them."""

from typing import Any

from pydantic import BaseModel, Field

from federation.formats.requests import BASE, DEVICE, NONCE, SIGNATURE, TIME

SIGNED_MANIFEST = "X-Antiphon-Manifest-Signature"
"""The header with the signature (hex) over the very bytes of a manifest."""


class Says(BaseModel):
    """Every error: a sentence with a next step, and one word for programs."""

    says: str
    why: str


class LineageIs(BaseModel):
    """A lineage as `federation.formats.lineage.Lineage` has it, and where it stands.

    open: whether it takes contributions. latest: its newest version. oldest: a contribution may
    start from this version or a later one.
    """

    id: str
    prior: str
    form: str
    rank: int
    seed: int
    shapes: dict[str, tuple[int, int]]
    open: bool
    latest: int | None
    oldest: int | None


class ConsentIs(BaseModel):
    """The text that has to be agreed to today."""

    version: str
    sha256: str


class LineagesAre(BaseModel):
    """The newest lineage is the last one. time_s: the server's clock, seconds of UTC."""

    lineages: list[LineageIs]
    consent: ConsentIs | None
    time_s: int


class EnrolmentAsked(BaseModel):
    """What a device sends to enrol; `federation.formats.requests.Enrolment`."""

    model_config = {"extra": "forbid"}

    public_key: str = Field(pattern="^[0-9a-f]{64}$")
    consent_version: str = Field(min_length=1, max_length=32)
    consent_sha256: str = Field(pattern="^[0-9a-f]{64}$")
    agreed: str = Field(pattern=r"^\d{4}-\d\d-\d\d$")
    app: str = Field("0", pattern="^[0-9A-Za-z.+-]{1,32}$")


class Enrolled(BaseModel):
    """The device's id, and the version of the text that it agreed to."""

    device: str
    consent: str


class ContributionIs(BaseModel):
    """What became of a contribution.

    status: pending, leased, used, withdrawn, expired (too old when its turn came) or quarantined
    (the version that it would have made was worse). used_in: a version; with_others: how many more
    contributions are in it.
    """

    uuid: str
    status: str
    used_in: int | None
    with_others: int | None


class Revoked(BaseModel):
    """How many waiting contributions were taken back, and what cannot be."""

    withdrawn: int
    says: str


_FORMS = {
    DEVICE: ("the device: SHA-256 of its public key", "^[0-9a-f]{64}$"),
    BASE: ("the version that the body starts from, or -", "^(-|0|[1-9][0-9]{0,8})$"),
    TIME: ("seconds of UTC", "^[1-9][0-9]{0,11}$"),
    NONCE: ("16 random bytes, never used before", "^[0-9a-f]{32}$"),
    SIGNATURE: (
        "Ed25519 over the lines antiphon-request-1, method, path with query, base, SHA-256 of the "
        "body, time, nonce",
        "^[0-9a-f]{128}$",
    ),
}

SIGNED_BY: list[dict[str, Any]] = [
    {
        "name": name,
        "in": "header",
        "required": True,
        "description": description,
        "schema": {"type": "string", "pattern": pattern},
    }
    for name, (description, pattern) in _FORMS.items()
]
"""The headers of a signed request, for the description."""


Responses = dict[int | str, dict[str, Any]]


def refusals(*statuses: int) -> Responses:
    """Errors for the description; those that every request can meet are always among them."""
    words = {
        400: "The request cannot be read.",
        401: "Nobody who may do this signed it, or a clock is wrong, or it was made before.",
        403: "The consent text is another one, or the device was revoked.",
        404: "There is no such thing.",
        405: "This address takes other methods.",
        408: "It took too long.",
        409: "Something else is there already.",
        410: "It starts from a version that is too old or withdrawn.",
        413: "The body is too large.",
        415: "The body is compressed.",
        422: "The body or the address is not of the form that it must have.",
        429: "Too often; Retry-After says when to come again.",
        503: "The server cannot do it just now; Retry-After says when to come again.",
    }
    every = sorted({400, 408, 422, 429, 503, *statuses})
    return {status: {"model": Says, "description": words[status]} for status in every}
