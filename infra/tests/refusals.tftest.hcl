# What must not be applied is refused before anything is planned.
mock_provider "google" {}
mock_provider "google-beta" {}
mock_provider "time" {}

variables {
  project_id = "demo-project"
}

run "a_timeout_that_outlasts_the_ack_deadline" {
  command = plan
  variables {
    functions = { worker = { timeout_seconds = 120 } }
  }
  expect_failures = [var.functions]
}

run "many_requests_on_half_a_cpu" {
  command = plan
  variables {
    functions = { worker = { cpu = 0.5 } }
  }
  expect_failures = [var.functions]
}

run "requests_published_again_while_a_worker_is_at_them" {
  command = plan
  variables {
    settings = { republish_after_seconds = 60 }
  }
  expect_failures = [var.settings]
}

run "everybody_as_operator" {
  command = plan
  variables {
    operators = ["allUsers"]
  }
  expect_failures = [var.operators]
}

run "a_prefix_that_is_none" {
  command = plan
  variables {
    dataset_prefix = "Shadow"
  }
  expect_failures = [var.dataset_prefix]
}

run "no_project" {
  command = plan
  variables {
    project_id = "My Project"
  }
  expect_failures = [var.project_id]
}

run "a_version_that_is_none" {
  command = plan
  variables {
    api_keys_version = "newest"
  }
  expect_failures = [var.api_keys_version]
}

run "tracing_that_is_none" {
  command = plan
  variables {
    tracing = "on"
  }
  expect_failures = [var.tracing]
}

run "a_channel_by_its_display_name" {
  command = plan
  variables {
    notification_channels = ["on call"]
  }
  expect_failures = [var.notification_channels]
}

run "a_setting_that_there_is_none_of" {
  command = plan
  variables {
    settings = { lease_second = 60 }
  }
  expect_failures = [var.settings]
}

run "a_share_above_a_hundred" {
  command = plan
  variables {
    settings = { withdrawn_pct = 101 }
  }
  expect_failures = [var.settings]
}

run "half_a_game" {
  command = plan
  variables {
    settings = { games_gone = 1.5 }
  }
  expect_failures = [var.settings]
}

run "a_number_that_is_a_word" {
  command = plan
  variables {
    settings = { line_shift = "many" }
  }
  expect_failures = [var.settings]
}

run "systems_that_are_no_list" {
  command = plan
  variables {
    settings = { systems = "ensemble_v1" }
  }
  expect_failures = [var.settings]
}

run "a_lease_longer_than_a_batch" {
  command = plan
  variables {
    settings = { lease_seconds = 90, deadline_seconds = 60 }
  }
  expect_failures = [var.settings]
}

run "a_query_below_what_bigquery_bills" {
  command = plan
  variables {
    maximum_bytes_billed = 1
  }
  expect_failures = [var.maximum_bytes_billed]
}

run "a_webhook_of_an_unknown_form" {
  command = plan
  variables {
    webhook_format = "discord"
  }
  expect_failures = [var.webhook_format]
}

run "a_runbook_that_is_no_address" {
  command = plan
  variables {
    runbook_url = "docs/operations.md"
  }
  expect_failures = [var.runbook_url]
}

run "a_console_without_encryption" {
  command = plan
  variables {
    console_url = "http://console.example"
  }
  expect_failures = [var.console_url]
}

run "a_query_for_a_view_that_is_no_input" {
  command = plan
  variables {
    input_views = { current_predictions = "sql/prop_lines_input.sql" }
  }
  expect_failures = [var.input_views]
}

run "a_query_that_is_not_there" {
  command = plan
  variables {
    input_views = { prop_lines_input = "sql/nothing.sql" }
  }
  expect_failures = [var.input_views]
}

run "everybody_at_the_console" {
  command = plan
  variables {
    console_viewers = ["allAuthenticatedUsers"]
  }
  expect_failures = [var.console_viewers]
}

run "a_group_of_operators_of_the_console" {
  command = plan
  variables {
    console_operators = ["group:data@example.com"]
  }
  expect_failures = [var.console_operators]
}
