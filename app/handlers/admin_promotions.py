"""What admins do with promotions."""

from typing import Annotated

from msgspec import Meta

from app.bootstrap import Services
from app.domain.money import MOST, currency
from app.domain.promotion import CODE, MOST_USES, Kind, Terms, folded
from app.handlers.bearer import admin
from app.handlers.carts_bodies import Amount, Currency, Moment
from app.handlers.pages import Cursor, Limit, limit_of
from app.messages import Request, Response
from app.operation import Hidden, Operation, answered
from app.services.authenticate import Caller
from app.services.change_promotion import change_promotion, make_promotion
from app.services.list_promotions import get_promotion, list_promotions
from app.services.promotion_rows import Promotion

Code = Annotated[
    str,
    Meta(max_length=64, description="Capital or small, all one.", examples=["SPRING-10"]),
]
OwnCode = Annotated[str, Meta(pattern=CODE, examples=["SPRING-10"])]
Value = Annotated[
    int,
    Meta(ge=1, le=MOST, description="Percent, or an amount.", examples=[10]),
]
Minimum = Annotated[
    int, Meta(ge=0, le=MOST, description="The least that is to be bought.", examples=[2_000])
]
Uses = Annotated[int, Meta(ge=1, le=MOST_USES, description="Once an order.", examples=[100])]
Version = Annotated[int, Meta(ge=1, description="As it was seen.", examples=[1])]


class NewPromotion(Hidden):
    """What a code gives, when, and how often."""

    code: Code
    kind: Kind
    value: Value
    currency: Currency
    minimum: Minimum
    starts_at: Moment
    ends_at: Moment
    uses: Uses
    active: bool = True


class ChangedTerms(Hidden):
    """Other terms; `version` is that of the promotion they change."""

    kind: Kind
    value: Value
    currency: Currency
    minimum: Minimum
    starts_at: Moment
    ends_at: Moment
    active: bool
    version: Version


class PromotionSeen(Hidden):
    """A promotion, and how often it can still be used."""

    code: OwnCode
    kind: Kind
    value: Value
    currency: Currency
    minimum: Amount
    starts_at: Moment
    ends_at: Moment
    active: bool
    uses: Uses
    available: Annotated[int, Meta(ge=0, description="Uses that are left.", examples=[99])]
    version: Version


class Promotions(Hidden):
    """A page of promotions, by their codes."""

    promotions: list[PromotionSeen]
    cursor: Cursor


def make(_request: Request, services: Services, *, user: Caller, body: NewPromotion) -> Response:
    """Make a promotion.

    A percentage of the subtotal is rounded down; no more than the subtotal is taken off. 409 says
    that the code is taken.
    """
    made = make_promotion(
        _terms(folded(body.code, "$.code"), body),
        body.uses,
        user.account.user_id,
        promotions=services.table("promotions"),
        events=services.queue("events"),
        clock=services.clock,
    )
    return answered(201, _seen(made))


def change(request: Request, services: Services, *, user: Caller, body: ChangedTerms) -> Response:
    """Change a promotion's terms.

    Orders that were placed keep theirs. 409 says that it was changed since it was looked at.
    """
    changed = change_promotion(
        _terms(folded(request.path_parameters["code"], "code"), body),
        body.version,
        user.account.user_id,
        promotions=services.table("promotions"),
        events=services.queue("events"),
        clock=services.clock,
    )
    return answered(200, _seen(changed))


def look(request: Request, services: Services, *, user: Caller) -> Response:  # noqa: ARG001
    """Find a promotion."""
    code = folded(request.path_parameters["code"], "code")
    return answered(200, _seen(get_promotion(code, promotions=services.table("promotions"))))


def list_all(request: Request, services: Services, *, user: Caller) -> Response:  # noqa: ARG001
    """List promotions, by their codes."""
    page = list_promotions(
        limit_of(request),
        request.query.get("cursor", ""),
        promotions=services.table("promotions"),
    )
    return answered(200, Promotions(promotions=[_seen(each) for each in page.items],
                                    cursor=page.after))  # fmt: skip


PROMOTIONS = {
    "GET /admin/promotions": Operation(
        list_all,
        user=admin,
        gives={200: Promotions},
        refuses=(403, 422),
        parameters={"cursor": Cursor, "limit": Limit},
    ),
    "POST /admin/promotions": Operation(
        make, takes=NewPromotion, user=admin, gives={201: PromotionSeen}, refuses=(403, 409)
    ),
    "GET /admin/promotions/{code}": Operation(
        look,
        user=admin,
        gives={200: PromotionSeen},
        refuses=(403, 404, 422),
        parameters={"code": Code},
    ),
    "PUT /admin/promotions/{code}": Operation(
        change,
        takes=ChangedTerms,
        user=admin,
        gives={200: PromotionSeen},
        refuses=(403, 404, 409),
        parameters={"code": Code},
    ),
}


def _terms(code: str, body: NewPromotion | ChangedTerms) -> Terms:
    return Terms(
        code=code,
        kind=body.kind,
        value=body.value,
        currency=currency(body.currency),
        minimum=body.minimum,
        starts_at=body.starts_at,
        ends_at=body.ends_at,
        active=body.active,
    )


def _seen(found: Promotion) -> PromotionSeen:
    terms = found.terms
    return PromotionSeen(
        code=terms.code,
        kind=terms.kind,
        value=terms.value,
        currency=terms.currency,
        minimum=terms.minimum,
        starts_at=terms.starts_at,
        ends_at=terms.ends_at,
        active=terms.active,
        uses=found.uses,
        available=found.available,
        version=found.version,
    )
