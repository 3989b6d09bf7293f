locals {
  # Every variable that the functions read, but for the secrets (regen.web.settings.VARIABLES).
  environment = {
    REGEN_BACKEND                 = "gcp"
    REGEN_CODE_VERSION            = local.manifest.code_version
    REGEN_COVERAGE_THRESHOLD      = tostring(var.settings.coverage_threshold)
    REGEN_DATASET_PREFIX          = var.dataset_prefix
    REGEN_DEADLINE_SECONDS        = tostring(var.settings.deadline_seconds)
    REGEN_EXCLUDED_PCT            = tostring(var.settings.excluded_pct)
    REGEN_GAME_COVERAGE_PCT       = tostring(var.settings.game_coverage_pct)
    REGEN_GAMES_GONE              = tostring(var.settings.games_gone)
    REGEN_HOLD_DOWN_SECONDS       = tostring(var.settings.hold_down_seconds)
    REGEN_LEASE_SECONDS           = tostring(var.settings.lease_seconds)
    REGEN_LINE_SHIFT              = tostring(var.settings.line_shift)
    REGEN_LINED_DROP_PCT          = tostring(var.settings.lined_drop_pct)
    REGEN_LINES_LOST_PCT          = tostring(var.settings.lines_lost_pct)
    REGEN_LOCATION                = var.bigquery_location
    REGEN_MAXIMUM_BYTES_BILLED    = tostring(var.maximum_bytes_billed)
    REGEN_MEAN_SHIFT              = tostring(var.settings.mean_shift)
    REGEN_MIN_MINUTES             = tostring(var.settings.min_minutes)
    REGEN_MINIMUM_PRODUCED        = tostring(var.settings.minimum_produced)
    REGEN_OIDC_CERTS_URL          = "https://www.googleapis.com/oauth2/v1/certs"
    REGEN_OIDC_ISSUER             = "https://accounts.google.com"
    REGEN_OUT_PCT                 = tostring(var.settings.out_pct)
    REGEN_PLAYERS_PER_REQUEST     = tostring(var.settings.players_per_request)
    REGEN_PROJECT                 = var.project_id
    REGEN_REPUBLISH_AFTER_SECONDS = tostring(var.settings.republish_after_seconds)
    REGEN_RETENTION_DAYS          = tostring(var.settings.retention_days)
    REGEN_ROWS_DROP_PCT           = tostring(var.settings.rows_drop_pct)
    REGEN_SLATE_DROP_PCT          = tostring(var.settings.slate_drop_pct)
    REGEN_SYSTEM_SHARE_PCT        = tostring(var.settings.system_share_pct)
    REGEN_SYSTEMS                 = join(",", var.settings.systems)
    REGEN_SYSTEMS_LOST_PCT        = tostring(var.settings.systems_lost_pct)
    REGEN_TIER_DROP_PCT           = tostring(var.settings.tier_drop_pct)
    REGEN_TRACING                 = var.tracing
    REGEN_UNEVEN_GAMES            = tostring(var.settings.uneven_games)
    REGEN_WITHDRAWN_PCT           = tostring(var.settings.withdrawn_pct)
  }

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
  depends_on  = [time_sleep.rights]

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

    environment_variables = merge(local.environment, {
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
