"""The same answer by chalice, for `chalice local`."""

from chalice import Chalice  # type: ignore[import-not-found]

app = Chalice(app_name="bench")


@app.route("/health")  # type: ignore[untyped-decorator]
def health() -> dict[str, str]:
    """As the shop's."""
    return {"status": "ok", "stack": "local"}
