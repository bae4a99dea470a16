"""The steps of `make tour`, in order: each asks, tells what happened, and checks it."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from secrets import token_hex, token_urlsafe
from typing import Any
from urllib.parse import quote

from infra.cli.shop_http import Shop
from infra.cli.tour_guide import Guide, spelt

CODE = "WELCOME-10"
PIECES = 2
ADDRESS = {
    "name": "A visitor",
    "street": "1 Example Street",
    "city": "Exampleton",
    "postcode": "00000",
    "country": "DE",
}

Letters = Callable[[str], list[Any]]
"""The letters to an address, the oldest first."""


@dataclass(slots=True)
class Visit:
    """A visitor of a shop, and what became of the visit so far."""

    guide: Guide
    guest: Shop
    letters: Letters
    name: str = field(default_factory=lambda: f"visitor-{token_hex(4)}")
    product: Any = None
    cart_token: str = ""
    total: int = 0
    order: Any = None
    user: Shop = field(init=False)

    def __post_init__(self) -> None:
        """Nobody is logged in yet."""
        self.user = self.guest

    @property
    def email(self) -> str:
        """Where the visitor's letters go: an address that nobody can have."""
        return f"{self.name}@shop.example"


def browse(visit: Visit) -> None:
    """Lists, a category, a search, one product."""
    guide, guest = visit.guide, visit.guest
    guide.begin("Browse")
    page = guide.ask(guest, 200, "GET /products?limit=3")
    for each in page["products"]:
        guide.tell(f"{each['name']}, {spelt(each['price'], each['currency'])}")
    first = _to_be_had(guest)
    guide.check(first is not None, "nothing is in stock: make seed fills an empty shop")
    listed = guide.ask(guest, 200, f"GET /products?category={quote(first['category'])}&limit=50")
    guide.tell(f"The category {first['category']!r} has {len(listed['products'])} of them.")
    same = {each["category"].casefold() for each in listed["products"]}
    guide.check(same == {first["category"].casefold()}, f"other categories are there: {same}")

    guide.begin("Search")
    word = max(first["name"].split(), key=len).strip(",.")
    found = guide.ask(guest, 200, f"GET /products?q={quote(word)}")["products"]
    names = [each["name"] for each in found]
    guide.tell(f"{word!r} is found in: {'; '.join(names)}.")
    guide.check(first["product"] in [each["product"] for each in found], "the product is missing")

    guide.begin("Look at a product")
    visit.product = guide.ask(guest, 200, f"GET /products/{first['product']}")
    guide.tell(f"{visit.product['description']} Its picture: {visit.product['image']}")
    guide.check(visit.product["in_stock"], "it is sold out")


def fill_cart(visit: Visit) -> None:
    """A guest's cart, with something in it."""
    guide = visit.guide
    guide.begin("Begin a cart as a guest")
    visit.cart_token = guide.ask(visit.guest, 201, "POST /carts")["cart_token"]
    guide.tell("The cart is known by a token in the header x-cart-token; nobody has logged in.")
    lines = {"lines": [{"product": visit.product["product"], "quantity": PIECES}]}
    cart = guide.ask(
        visit.guest, 200, "POST /cart/lines", lines, {"x-cart-token": visit.cart_token}
    )
    guide.tell(f"{PIECES} pieces: {spelt(cart['total'], cart['currency'])}, by the shop's prices.")
    guide.check(cart["total"] == PIECES * visit.product["price"], f"the total is {cart['total']}")


def log_in(visit: Visit) -> None:
    """A new account, which takes the guest's cart over."""
    guide, password = visit.guide, token_urlsafe(12)
    guide.begin("Register and log in; the guest's cart comes along")
    known = {"username": visit.name, "password": password}
    made = guide.ask(visit.guest, 201, "POST /users", {**known, "email": visit.email})
    guide.tell(f"{made['username']} is a {made['role']}.")
    begun = guide.ask(visit.guest, 201, "POST /sessions", {**known, "cart_token": visit.cart_token})
    guide.check(begun["cart_merged"], "the guest's cart did not come along")
    visit.user = replace(visit.guest, token=begun["token"])
    guide.tell("From now on each request carries a bearer token.")


def use_promotion(visit: Visit) -> None:
    """The cart with a code."""
    guide = visit.guide
    guide.begin("Use a promotion")
    cart = guide.ask(visit.user, 200, f"GET /cart?promotion={CODE}")
    (line,) = cart["lines"]
    guide.check(line["quantity"] == PIECES, f"the cart holds {line['quantity']} pieces")
    guide.check(
        cart["promotion"] == CODE,
        f"{CODE} gives nothing ({cart['promotion_refused']}); make seed puts it in",
    )
    less = spelt(cart["discount"], cart["currency"])
    guide.tell(f"{CODE} takes {less} off: {spelt(cart['total'], cart['currency'])} is to pay.")
    guide.check(cart["total"] == cart["subtotal"] - cart["discount"], "the sums do not agree")
    visit.total = cart["total"]


def check_out(visit: Visit) -> None:
    """An order: refused at a wrong price, then placed once, whatever is sent twice."""
    guide, key = visit.guide, {"idempotency-key": token_hex(16)}
    wanted = {"expected_total": visit.total, "address": ADDRESS, "promotion": CODE}
    guide.begin("Check out at a price of one's own")
    cheaper = {**wanted, "expected_total": visit.total - 1}
    refused = guide.ask(visit.user, 409, "POST /orders", cheaper, {"idempotency-key": token_hex(8)})
    guide.tell("Refused: the shop alone says what things cost.")
    guide.check(refused["total"] == visit.total, f"it says that the total is {refused['total']}")

    guide.begin("Check out")
    visit.order = guide.ask(visit.user, 201, "POST /orders", wanted, key)
    guide.tell(f"Order {visit.order['order']} is {visit.order['state']}; its pieces are reserved.")
    guide.check(visit.order["state"] == "pending", "it should be pending")

    guide.begin("Send the same again, as after an answer that was lost")
    again = guide.ask(visit.user, 201, "POST /orders", wanted, key)
    guide.tell("The same Idempotency-Key: the same order, the same answer.")
    guide.check(again == visit.order, f"another answer came: {again}")


def pay(visit: Visit) -> None:
    """On the page of the fake provider, as a browser does; a webhook tells the shop."""
    guide, order = visit.guide, visit.order["order"]
    page = visit.order["payment"]["client"]["url"]
    guide.begin("Pay, on the page of the fake provider")
    shown = guide.answer(visit.guest, 200, f"GET {page}")
    guide.check(b'value="good"' in shown.body, "the page has no card to pay by")
    form = {"content-type": "application/x-www-form-urlencoded"}
    guide.answer(visit.guest, 200, f"POST {page}", b"card=good", form)
    guide.tell("The money is held. The provider tells the shop by a signed webhook.")

    def paid() -> Any:
        seen = visit.user.expect(200, "GET", f"/orders/{order}")
        return seen if seen["state"] == "paid" else None

    guide.until(paid, "the webhook")
    seen = guide.ask(visit.user, 200, f"GET /orders/{order}")
    guide.tell(f"The order is {seen['state']}, and the cart is empty:")
    left = guide.ask(visit.user, 200, "GET /cart")["lines"]
    guide.check(not left, f"the cart still holds {left}")

    guide.begin("Read the letter")
    _letter(visit, "Your order is paid")


def refund(visit: Visit, admin: Shop) -> None:
    """Some of the money goes back, then the rest, and the goods go back on the shelf."""
    guide, order = visit.guide, visit.order["order"]
    path = f"/admin/orders/{order}"
    guide.begin("Refund a part, as an admin")
    part = {"amount": 100, "reason": "a dent"}
    key = {"idempotency-key": token_hex(16)}
    seen = guide.ask(admin, 201, f"POST {path}/refunds", part, key)
    again = guide.ask(admin, 201, f"POST {path}/refunds", part, key)
    guide.tell(f"Sent twice, given back once: {spelt(seen['refundable'], seen['currency'])} left.")
    guide.check(again["refundable"] == seen["refundable"] == visit.total - 100, "not once")

    guide.begin("Refund more than was paid")
    more = {"amount": visit.total, "reason": "a mistake"}
    guide.ask(admin, 409, f"POST {path}/refunds", more, {"idempotency-key": token_hex(16)})
    guide.tell("Refused.")

    guide.begin("Refund the rest, and put the pieces back on the shelf")
    rest = {"reason": "sent back", "restock": "all"}
    seen = guide.ask(admin, 201, f"POST {path}/refunds", rest, {"idempotency-key": token_hex(16)})
    guide.tell(f"The order is {seen['state']}.")
    guide.check((seen["state"], seen["refundable"]) == ("refunded", 0), "something is left")
    _letter(visit, "Your refund")

    guide.begin("Look into the audit trail")

    def entries() -> Any:
        found = admin.expect(200, "GET", f"/admin/audit?subject=order:{order}")["entries"]
        return found if len(found) > 1 else None

    guide.until(entries, "the entries of both refunds")
    for each in guide.ask(admin, 200, f"GET /admin/audit?subject=order:{order}")["entries"]:
        guide.tell(f"{each['what']} by {each['by']}: {each['more'].get('reason', '')}")


def _to_be_had(guest: Shop) -> Any:
    """The first product that is in stock, or None."""
    for each in guest.pages("/products", "products"):
        if guest.expect(200, "GET", f"/products/{each['product']}")["in_stock"]:
            return each
    return None


def _letter(visit: Visit, subject: str) -> None:
    """Show the letter of this subject, which comes by way of a queue."""

    def arrived() -> Any:
        found = [each for each in visit.letters(visit.email) if each["subject"] == subject]
        return found[-1] if found else None

    letter = visit.guide.until(arrived, f"the letter {subject!r}")
    visit.guide.tell(f"To: {letter['recipient']}   Subject: {letter['subject']}")
    for line in letter["text"].splitlines():
        visit.guide.tell(f"  {line}".rstrip())
