locals {
  # What a deployment says of each setting of settings.json; the rest has its default there.
  given = merge({ for name, value in var.settings : "settings.${name}" => value if value != null }, {
    for name, value in {
      bigquery_location    = var.bigquery_location
      dataset_prefix       = var.dataset_prefix
      maximum_bytes_billed = var.maximum_bytes_billed
      console_url          = var.console_url
      project_id           = var.project_id
      runbook_url          = var.runbook_url
      tracing              = var.tracing
      webhook_format       = var.webhook_format
    } : name => value if value != null
  })
  values = { for name, row in local.settings : name => try(local.given[row.terraform], row.default, null) }

  # Every variable that the functions read and that is the same for all of them, but for the secrets. Lists are joined by commas.
  environment = merge(
    { for name, value in local.values : name => join(",", flatten([value])) if value != null && !try(local.settings[name].secret, false) },
    {
      REGEN_CODE_VERSION = local.manifest.code_version
      REGEN_INPUTS_STORE = "gs://${google_storage_bucket.inputs.name}"
      REGEN_MODELS_STORE = "gs://${google_storage_bucket.models.name}"
    },
    local.console_address == null ? {} : { REGEN_CONSOLE_URL = local.console_address },
  )

  # Behind IAM the platform checks the token and takes its signature away, so that only its claims are left to check.
  token_checks = {
    coordinator = var.coordinator_public ? "signature" : "claims_behind_iam"
    verifier    = "claims"
    worker      = "claims"
  }

  push_accounts = {
    coordinator = [google_service_account.push["coordinator"].email]
    verifier    = [google_service_account.push["verifier"].email, google_service_account.events.email]
    worker      = [google_service_account.push["worker"].email]
  }
  scheduler_accounts = {
    coordinator = [google_service_account.scheduler.email]
    verifier    = [google_service_account.scheduler.email]
    worker      = []
  }

  secret_environment = {
    coordinator = merge(
      { REGEN_API_KEYS = { secret = google_secret_manager_secret.api_keys.secret_id, version = var.api_keys_version } },
      { for s in google_secret_manager_secret.webhook : "REGEN_WEBHOOK_URL" => { secret = s.secret_id, version = "latest" } },
    )
    verifier = {
      for s in google_secret_manager_secret.webhook : "REGEN_WEBHOOK_URL" => { secret = s.secret_id, version = "latest" }
    }
    worker = {}
  }

  ingress = {
    coordinator = "ALLOW_ALL" # operators call from anywhere; without coordinator_public, IAM asks them who they are
    verifier    = "ALLOW_INTERNAL_ONLY"
    worker      = "ALLOW_INTERNAL_ONLY"
  }
}

resource "google_cloudfunctions2_function" "this" {
  for_each    = local.function_keys
  name        = "${var.name}-${each.key}"
  location    = var.region
  description = "regen ${local.manifest.version}: ${each.key}"
  # Code of a new release may read columns and views that come with it.
  depends_on = [time_sleep.rights, google_bigquery_table.this, google_bigquery_table.input_contract]

  # checkov:skip=CKV_GCP_124:the coordinator is the one door for people; its code, or IAM, checks every caller

  build_config {
    runtime           = "python313"
    entry_point       = "main"
    docker_repository = google_artifact_registry_repository.images.id
    service_account   = google_service_account.build.id

    automatic_update_policy {}

    source {
      storage_source {
        bucket = google_storage_bucket.sources.name
        object = google_storage_bucket_object.package[each.key].name
      }
    }
  }

  service_config {
    all_traffic_on_latest_revision   = true
    available_cpu                    = tostring(var.functions[each.key].cpu)
    available_memory                 = "${var.functions[each.key].memory_mib}Mi"
    ingress_settings                 = local.ingress[each.key]
    max_instance_count               = var.functions[each.key].max_instances
    max_instance_request_concurrency = var.functions[each.key].concurrency
    min_instance_count               = var.functions[each.key].min_instances
    service_account_email            = google_service_account.function[each.key].email
    timeout_seconds                  = var.functions[each.key].timeout_seconds

    environment_variables = merge(local.environment, each.key == "coordinator" ? merge(local.coordinators_console, local.coordinators_refit) : {}, {
      LOG_EXECUTION_ID         = "true"
      THREADS                  = tostring(var.functions[each.key].concurrency)
      REGEN_OIDC_AUDIENCE      = local.audiences[each.key]
      REGEN_PUSH_ACCOUNTS      = join(",", local.push_accounts[each.key])
      REGEN_SCHEDULER_ACCOUNTS = join(",", local.scheduler_accounts[each.key])
      REGEN_TOKEN_CHECK        = local.token_checks[each.key]
    })

    dynamic "secret_environment_variables" {
      for_each = local.secret_environment[each.key]
      content {
        key        = secret_environment_variables.key
        project_id = var.project_id
        secret     = secret_environment_variables.value.secret
        version    = secret_environment_variables.value.version
      }
    }
  }
}
