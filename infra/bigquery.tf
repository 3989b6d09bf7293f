locals {
  staging_dataset = "nba_predictions_staging"

  tables        = { for f in fileset("${local.sources}/schemas", "*.json") : trimsuffix(f, ".json") => jsondecode(file("${local.sources}/schemas/${f}")) }
  input_tables  = { for name, t in local.tables : name => t if t.owner == "upstream" }
  output_tables = { for name, t in local.tables : name => t if t.owner != "upstream" }

  # Where the inputs are: made here, read from elsewhere through views, or there already.
  inputs_from = (
    var.create_input_tables ? "here" :
    var.input_project != null || local.values.REGEN_DATASET_PREFIX != "" ? "views" :
    "there"
  )
  input_project  = coalesce(var.input_project, var.project_id)
  input_datasets = toset([for t in local.input_tables : t.dataset])

  made_tables = merge(
    { for name, t in local.output_tables : name => t if !contains(var.adopted_tables, name) },
    local.inputs_from == "here" ? local.input_tables : {},
  )
  datasets = setunion(
    toset([for t in local.output_tables : t.dataset]),
    local.inputs_from == "there" ? toset([]) : local.input_datasets,
  )
  dataset_ids = merge(
    { for d in local.input_datasets : d => "${local.values.REGEN_DATASET_PREFIX}${d}" },
    { for key, d in google_bigquery_dataset.this : key => d.dataset_id },
  )

  # Names as the statements have them: {table}, {nba_predictions} for the dataset, and {input_project}, where upstream's raw
  # tables are, {min_minutes} from the setting.
  sql_names = merge(
    { for name, t in local.tables : name => "`${var.project_id}.${local.values.REGEN_DATASET_PREFIX}${t.dataset}.${name}`" },
    { nba_predictions = "${var.project_id}.${local.values.REGEN_DATASET_PREFIX}nba_predictions" },
    { input_project = local.input_project },
    { min_minutes = tostring(local.values.REGEN_MIN_MINUTES) },
  )
  declared_views = jsondecode(file("${local.sources}/sql/views.json"))
  sql_files      = toset(concat([for name, v in local.declared_views : "${name}_view"], ["predictions_at_function"]))
  # A view of inputs may have a query of the deployment's own; its path is seen from this folder.
  own_queries = { for name, sql in var.input_views : "${name}_view" => "${path.module}/${sql}" }
  sql_texts = {
    for name in local.sql_files : name => join("", [
      for i, part in split("{", replace(file(lookup(local.own_queries, name, "${local.sources}/sql/${name}.sql")), "/(?m)^\\s*--[^\\n]*\\n/", "")) :
      i == 0 ? part : "${local.sql_names[split("}", part)[0]]}${join("}", slice(split("}", part), 1, length(split("}", part))))}"
    ])
  }
  sql_bodies = { for name, text in local.sql_texts : name => trimspace(regex("(?s)^CREATE OR REPLACE [^\\n]* AS\\n(.*)$", text)[0]) }
  views = {
    for name, v in local.declared_views : name => { query = local.sql_bodies["${name}_view"], description = v.description }
  }
  # Other views and the statements read these: they are made first.
  input_contracts = toset(["prop_lines_input", "game_schedule_input"])
  # A view is made anew when a column is added.
  columns_hash = substr(sha256(jsonencode([for name, t in local.tables : [name, t.fields]])), 0, 8)
}

resource "google_bigquery_dataset" "this" {
  for_each                   = local.datasets
  dataset_id                 = "${local.values.REGEN_DATASET_PREFIX}${each.key}"
  location                   = local.values.REGEN_LOCATION
  delete_contents_on_destroy = !var.protect
  depends_on                 = [time_sleep.services]

  # checkov:skip=CKV_GCP_15:rights are given by members, and an access block would take others away
  # checkov:skip=CKV_GCP_81:public sports statistics; Google's own key serves

  # A dataset that was there before stays where it is, with its key; one elsewhere than the jobs run could not be read.
  lifecycle {
    ignore_changes = [location, default_encryption_configuration, external_dataset_reference]
    postcondition {
      condition     = lower(self.location) == lower(local.values.REGEN_LOCATION)
      error_message = "The dataset ${self.dataset_id} is in ${self.location}: set bigquery_location to that, and apply again."
    }
  }
}

resource "google_bigquery_dataset" "staging" {
  dataset_id                  = "${local.values.REGEN_DATASET_PREFIX}${local.staging_dataset}"
  location                    = local.values.REGEN_LOCATION
  description                 = "One table for each verification; it expires by itself"
  default_table_expiration_ms = 86400000
  delete_contents_on_destroy  = !var.protect
  max_time_travel_hours       = "48"
  depends_on                  = [time_sleep.services]

  # checkov:skip=CKV_GCP_15:rights are given by members, and an access block would take others away
  # checkov:skip=CKV_GCP_81:public sports statistics; Google's own key serves
}

resource "google_bigquery_table" "this" {
  for_each                 = local.made_tables
  dataset_id               = google_bigquery_dataset.this[each.value.dataset].dataset_id
  table_id                 = each.key
  description              = each.value.description
  schema                   = jsonencode(each.value.fields)
  clustering               = length(each.value.cluster) > 0 ? each.value.cluster : null
  require_partition_filter = each.value.require_partition_filter
  deletion_protection      = var.protect

  # checkov:skip=CKV_GCP_80:public sports statistics; Google's own key serves

  dynamic "time_partitioning" {
    for_each = each.value.partition == null ? [] : [each.value.partition]
    content {
      type  = time_partitioning.value.type
      field = time_partitioning.value.field
    }
  }

  lifecycle {
    precondition {
      condition = length(setsubtract(
        concat(each.value.cluster, each.value.partition == null ? [] : [each.value.partition.field]),
        [for f in each.value.fields : f.name],
      )) == 0
      error_message = "${each.key}: the partition or the cluster names no column of the table."
    }
  }
}

resource "google_bigquery_table" "input_view" {
  for_each            = local.inputs_from == "views" ? local.input_tables : {}
  dataset_id          = google_bigquery_dataset.this[each.value.dataset].dataset_id
  table_id            = each.key
  description         = "Read from ${local.input_project}"
  deletion_protection = false

  # checkov:skip=CKV_GCP_80:a view holds no data
  # checkov:skip=CKV_GCP_121:a view holds no data

  # The bound is for a table that requires a filter: BigQuery may refuse to make a view without one, and readers give a closer one.
  view {
    query          = "SELECT * FROM `${local.input_project}.${each.value.dataset}.${each.key}` WHERE game_date >= '1946-01-01'"
    use_legacy_sql = false
  }
}

resource "google_bigquery_table" "input_contract" {
  for_each            = local.input_contracts
  dataset_id          = google_bigquery_dataset.this["nba_predictions"].dataset_id
  table_id            = each.key
  description         = "${local.views[each.key].description} (columns ${local.columns_hash})"
  deletion_protection = false
  depends_on          = [google_bigquery_table.this, google_bigquery_table.input_view]

  # checkov:skip=CKV_GCP_80:a view holds no data
  # checkov:skip=CKV_GCP_121:a view holds no data

  view {
    query          = local.views[each.key].query
    use_legacy_sql = false
  }
}

resource "google_bigquery_table" "view" {
  for_each            = { for name, v in local.views : name => v if !contains(local.input_contracts, name) }
  dataset_id          = google_bigquery_dataset.this["nba_predictions"].dataset_id
  table_id            = each.key
  description         = "${each.value.description} (columns ${local.columns_hash})"
  deletion_protection = false
  depends_on          = [google_bigquery_table.this, google_bigquery_table.input_view, google_bigquery_table.input_contract]

  # checkov:skip=CKV_GCP_80:a view holds no data
  # checkov:skip=CKV_GCP_121:a view holds no data

  view {
    query          = each.value.query
    use_legacy_sql = false
  }
}

resource "google_bigquery_routine" "predictions_at" {
  dataset_id      = google_bigquery_dataset.this["nba_predictions"].dataset_id
  routine_id      = "predictions_at"
  routine_type    = "TABLE_VALUED_FUNCTION"
  language        = "SQL"
  description     = "What was current for a date at a moment (columns ${local.columns_hash})"
  definition_body = local.sql_bodies.predictions_at_function
  depends_on      = [google_bigquery_table.this]

  arguments {
    name      = "day"
    data_type = jsonencode({ typeKind = "DATE" })
  }
  arguments {
    name      = "moment"
    data_type = jsonencode({ typeKind = "TIMESTAMP" })
  }
}
