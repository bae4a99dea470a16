"""The stores that the conformance suite of tables has, for whole shops to be made on."""

from tests.conformance.tables.conftest import dynamo_tables, tablestore

__all__ = ["dynamo_tables", "tablestore"]
