# Nothing here can create anything: every provider is a mock.
mock_provider "google" {
  mock_resource "google_cloudfunctions2_function" {
    defaults = {
      service_config = { uri = "https://function.run.app" }
    }
  }
  mock_resource "google_service_account" {
    defaults = {
      email  = "account@demo-project.iam.gserviceaccount.com"
      member = "serviceAccount:account@demo-project.iam.gserviceaccount.com"
      name   = "projects/demo-project/serviceAccounts/account@demo-project.iam.gserviceaccount.com"
      id     = "projects/demo-project/serviceAccounts/account@demo-project.iam.gserviceaccount.com"
    }
  }
}

mock_provider "google-beta" {
  mock_resource "google_project_service_identity" {
    defaults = { member = "serviceAccount:agent@example.iam.gserviceaccount.com" }
  }
}

mock_provider "time" {}

variables {
  project_id = "demo-project"
}

run "defaults" {
  command = plan

  assert {
    condition     = length(google_cloudfunctions2_function.this) == 3
    error_message = "three functions"
  }
  assert {
    condition     = local.inputs_from == "there" && length(google_bigquery_table.input_view) == 0
    error_message = "the input tables are upstream's, and not made"
  }
  assert {
    condition     = google_cloudfunctions2_function.this["coordinator"].service_config[0].ingress_settings == "ALLOW_ALL"
    error_message = "the coordinator is reachable"
  }
  assert {
    condition     = alltrue([for f in google_cloudfunctions2_function.this : f.service_config[0].min_instance_count == 0])
    error_message = "nothing runs when nothing is to do"
  }
  assert {
    condition     = length(google_project_iam_member.spans) == 0 && !contains(keys(google_project_service.this), "telemetry.googleapis.com")
    error_message = "spans are asked for, and nothing is granted before"
  }
  assert {
    condition     = length(google_secret_manager_secret.webhook) == 0 && length(google_monitoring_notification_channel.email) == 0
    error_message = "webhook and e-mail are asked for"
  }
}

run "an_empty_project" {
  command = plan

  variables {
    create_input_tables = true
  }

  assert {
    condition     = contains(keys(google_bigquery_table.this), "player_game_summary") && contains(keys(google_bigquery_dataset.this), "nba_analytics")
    error_message = "the input tables are made"
  }
}

run "beside_production" {
  command = plan

  variables {
    input_project    = "production-project"
    paused_schedules = ["regen-start"]
  }

  assert {
    condition     = strcontains(google_bigquery_table.input_view["player_game_summary"].view[0].query, "`production-project.nba_analytics.player_game_summary`")
    error_message = "inputs are read from production"
  }
  assert {
    condition     = google_cloud_scheduler_job.this["regen-start"].paused && !google_cloud_scheduler_job.this["regen-sweep"].paused
    error_message = "only the named schedule is paused"
  }
  assert {
    condition     = length(google_bigquery_dataset_iam_member.input_reader) > 0
    error_message = "both readers may read production's inputs"
  }
}

run "a_shadow_in_other_datasets" {
  command = plan

  variables {
    dataset_prefix = "shadow_"
  }

  assert {
    condition     = alltrue([for d in google_bigquery_dataset.this : startswith(d.dataset_id, "shadow_")]) && startswith(google_bigquery_dataset.staging.dataset_id, "shadow_")
    error_message = "no dataset of production is touched"
  }
  assert {
    condition     = strcontains(google_bigquery_table.view["current_predictions"].view[0].query, "`demo-project.shadow_nba_predictions.player_prop_predictions`")
    error_message = "the views read the shadow's own tables"
  }
}

run "adopted_tables_are_left_alone" {
  command = plan

  variables {
    adopted_tables = ["player_prop_predictions"]
  }

  assert {
    condition     = !contains(keys(google_bigquery_table.this), "player_prop_predictions") && contains(keys(google_bigquery_table_iam_member.writer), "verifier.player_prop_predictions")
    error_message = "an adopted table is written to, and never managed"
  }
}

run "a_coordinator_behind_iam" {
  command = plan

  variables {
    coordinator_public = false
    operators          = ["group:data@example.com"]
  }

  assert {
    condition     = toset(keys(google_cloud_run_v2_service_iam_member.coordinator)) == toset(["push", "scheduler", "group:data@example.com"])
    error_message = "unknown callers are refused"
  }
  assert {
    condition     = google_cloudfunctions2_function.this["coordinator"].service_config[0].environment_variables["REGEN_TOKEN_CHECK"] == "claims_behind_iam"
    error_message = "the platform strips the signature, so that claims are what is left to check"
  }
}

run "nobody_is_an_operator_unasked" {
  command = plan

  assert {
    condition     = length(google_project_iam_member.operator) + length(google_bigquery_dataset_iam_member.operator) == 0
    error_message = "operators get no rights beyond those configured"
  }
}

run "operators_of_a_shadow_read_through_its_views" {
  command = plan

  variables {
    input_project = "production-project"
    operators     = ["group:data@example.com"]
  }

  assert {
    condition     = alltrue([for g in google_bigquery_dataset_iam_member.operator_input : g.project == "production-project"]) && length(google_bigquery_dataset_iam_member.operator_input) > 0
    error_message = "a view is read with the rights of who asks"
  }
}

run "channels_that_exist_already" {
  command = plan

  variables {
    alert_emails          = ["data@example.com"]
    notification_channels = ["projects/demo-project/notificationChannels/123"]
  }

  assert {
    condition     = contains(google_monitoring_alert_policy.sweep_missing.notification_channels, "projects/demo-project/notificationChannels/123")
    error_message = "the policy notifies the channel"
  }
}

run "a_teardown_is_possible_when_it_is_meant" {
  command = plan

  variables {
    protect = false
  }

  assert {
    condition     = google_firestore_database.this.deletion_policy == "DELETE" && alltrue([for t in google_bigquery_table.this : !t.deletion_protection]) && google_storage_bucket.sources.force_destroy && !google_secret_manager_secret.api_keys.deletion_protection
    error_message = "everything can be removed"
  }
}

run "who_is_told" {
  command = plan

  variables {
    alert_emails = ["data@example.com"]
    webhook      = true
  }

  assert {
    condition     = length(google_monitoring_notification_channel.email) == 1 && length(google_secret_manager_secret_iam_member.webhook) == 2
    error_message = "an address, and a webhook for the two functions that raise alerts"
  }
}

run "spans_are_asked_for" {
  command = plan

  variables {
    tracing = "otlp"
  }

  assert {
    condition     = length(google_project_iam_member.spans) == 3 && contains(keys(google_project_service.this), "telemetry.googleapis.com")
    error_message = "each function may write spans, and the API is there to take them"
  }
  assert {
    condition     = google_cloudfunctions2_function.this["worker"].service_config[0].environment_variables["REGEN_TRACING"] == "otlp"
    error_message = "the setting reaches the code"
  }
}

run "some_settings_are_given" {
  command = plan

  variables {
    settings = { withdrawn_pct = 12.5, systems = ["moving_average", "ensemble_v1"], onnx_systems = ["gbm_v1=0123456789abcdef"] }
  }

  assert {
    condition     = google_cloudfunctions2_function.this["coordinator"].service_config[0].environment_variables["REGEN_WITHDRAWN_PCT"] == "12.5"
    error_message = "a number that is given reaches the function"
  }
  assert {
    condition     = google_cloudfunctions2_function.this["worker"].service_config[0].environment_variables["REGEN_SYSTEMS"] == "moving_average,ensemble_v1"
    error_message = "words are joined by commas"
  }
  assert {
    condition     = alltrue([for f in google_cloudfunctions2_function.this : f.service_config[0].environment_variables["REGEN_ONNX_SYSTEMS"] == "gbm_v1=0123456789abcdef"])
    error_message = "all three functions know the models as ONNX, of the one store"
  }
  assert {
    condition     = google_cloudfunctions2_function.this["coordinator"].service_config[0].environment_variables["REGEN_MAXIMUM_BYTES_BILLED"] == "10737418240"
    error_message = "what is not given has its default, written out"
  }
}

run "lines_and_starts_of_a_projects_own_slate" {
  command = plan

  assert {
    condition     = strcontains(google_bigquery_table.input_contract["prop_lines_input"].view[0].query, "`demo-project.nba_predictions.player_prop_lines`")
    error_message = "the default reads regen's own table of lines"
  }
  assert {
    condition     = !strcontains(join("", [for v in google_bigquery_table.input_contract : v.view[0].query]), "nba_raw")
    error_message = "the default needs none of upstream's raw tables"
  }
  assert {
    condition     = length(google_bigquery_dataset_iam_member.input_view_reader) == 0
    error_message = "nothing is granted that no variable asks for"
  }
}

run "lines_and_starts_of_upstreams_tables" {
  command = plan
  variables {
    input_project       = "upstream-project"
    operators           = ["group:data@example.com"]
    input_view_datasets = ["nba_raw"]
    input_views = {
      prop_lines_input    = "sql/prop_lines_input.sql"
      game_schedule_input = "sql/game_schedule_input.sql"
    }
  }

  assert {
    condition     = strcontains(google_bigquery_table.input_contract["prop_lines_input"].view[0].query, "`upstream-project.nba_raw.odds_api_player_points_props`")
    error_message = "the Odds API's lines are read where the inputs are"
  }
  assert {
    condition     = strcontains(google_bigquery_table.input_contract["game_schedule_input"].view[0].query, "`upstream-project.nba_raw.nbac_schedule`")
    error_message = "so is the schedule"
  }
  assert {
    condition     = alltrue([for v in google_bigquery_table.input_contract : !can(regex("[{}]|--", v.view[0].query))])
    error_message = "a place in braces or a comment was left in a query"
  }
  assert {
    condition     = length(google_bigquery_dataset_iam_member.input_view_reader) == 2 && length(google_bigquery_dataset_iam_member.operator_input_view) == 1
    error_message = "who reads a view reads its tables: coordinator, verifier and operators"
  }
}

run "no_console_unasked" {
  command = plan

  assert {
    condition     = length(google_cloud_run_v2_service.console) + length(google_service_account.console) + length(google_iap_web_cloud_run_service_iam_member.console) == 0
    error_message = "the console in the cloud is asked for"
  }
  assert {
    condition     = !contains(keys(google_cloudfunctions2_function.this["coordinator"].service_config[0].environment_variables), "REGEN_CONSOLE_ACCOUNT") || google_cloudfunctions2_function.this["coordinator"].service_config[0].environment_variables["REGEN_CONSOLE_ACCOUNT"] == ""
    error_message = "without a console no account brings assertions"
  }
}
