"""The warehouse in BigQuery."""

from regen.adapters.bigquery.warehouse import BigQueryWarehouse

__all__ = ["BigQueryWarehouse"]
