variable "alert_emails" {
  description = "Addresses that alert policies write to. Empty: the policies exist, but notify no address."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for a in var.alert_emails : can(regex("^[^@\\s]+@[^@\\s]+\\.[^@\\s]+$", a))])
    error_message = "alert_emails: each must be an e-mail address."
  }
}

variable "adopted_tables" {
  description = "Tables that exist already and keep their own schema and settings (docs/taking-over.md): used, never managed."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for t in var.adopted_tables : can(regex("^[a-z0-9_]+$", t))])
    error_message = "adopted_tables: names of tables, without their dataset."
  }
}

variable "api_keys_version" {
  description = "Version of the secret with the API keys: a number pins it, `latest` is read when an instance starts."
  type        = string
  default     = "latest"
  nullable    = false

  validation {
    condition     = can(regex("^(latest|[1-9][0-9]*)$", var.api_keys_version))
    error_message = "api_keys_version: latest, or the number of a version."
  }
}

variable "bigquery_location" {
  description = "Location of the datasets; null for the default of settings.json (US). Must be that of the input tables."
  type        = string
  default     = null

  validation {
    condition     = var.bigquery_location == null || can(regex("^(?:${local.settings.REGEN_LOCATION.pattern})$", var.bigquery_location))
    error_message = "bigquery_location: such as US, EU or us-central1."
  }
}

variable "checkout" {
  description = "Folder of the repository, if this module is not used from within it."
  type        = string
  default     = null
}

variable "coordinator_public" {
  description = <<-EOT
    Whether the coordinator is public; it then checks keys and signatures itself. If not, the platform
    lets in only Pub/Sub, the scheduler and `operators`, and a caller sends an identity token beside the API key.
  EOT
  type        = bool
  default     = true
  nullable    = false
}

variable "create_input_tables" {
  description = "Create the input tables (slate, history, features), empty. For a project in which no upstream fills them yet."
  type        = bool
  default     = false
  nullable    = false
}

variable "dataset_prefix" {
  description = "Goes before the name of every dataset, such as `shadow_`: a run beside production that touches none of its tables."
  type        = string
  default     = null

  validation {
    condition     = var.dataset_prefix == null || can(regex("^(?:${local.settings.REGEN_DATASET_PREFIX.pattern})$", var.dataset_prefix))
    error_message = "dataset_prefix: empty, or lower-case letters, digits and _ that end in _."
  }
}

variable "firestore_location" {
  description = "Location of the Firestore database; null for `region`. Cannot be changed later."
  type        = string
  default     = null
}

variable "functions" {
  description = <<-EOT
    Size and limits of each function. A push request may last as long as its acknowledgement deadline, so that a
    function must give up before it.
  EOT
  type = object({
    coordinator = optional(object({
      cpu                  = optional(number, 1)
      memory_mib           = optional(number, 512)
      concurrency          = optional(number, 8)
      min_instances        = optional(number, 0)
      max_instances        = optional(number, 4)
      timeout_seconds      = optional(number, 240)
      ack_deadline_seconds = optional(number, 300)
    }), {})
    worker = optional(object({
      cpu                  = optional(number, 1)
      memory_mib           = optional(number, 512)
      concurrency          = optional(number, 8)
      min_instances        = optional(number, 0)
      max_instances        = optional(number, 10)
      timeout_seconds      = optional(number, 90)
      ack_deadline_seconds = optional(number, 120)
    }), {})
    verifier = optional(object({
      cpu                  = optional(number, 1)
      memory_mib           = optional(number, 512)
      concurrency          = optional(number, 8)
      min_instances        = optional(number, 0)
      max_instances        = optional(number, 4)
      timeout_seconds      = optional(number, 540)
      ack_deadline_seconds = optional(number, 600)
    }), {})
  })
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for f in values(var.functions) : f.timeout_seconds < f.ack_deadline_seconds])
    error_message = "functions: timeout_seconds must be less than ack_deadline_seconds."
  }
  validation {
    condition     = alltrue([for f in values(var.functions) : f.ack_deadline_seconds >= 10 && f.ack_deadline_seconds <= 600])
    error_message = "functions: ack_deadline_seconds must be from 10 to 600."
  }
  validation {
    condition     = alltrue([for f in values(var.functions) : f.concurrency == 1 || f.cpu >= 1])
    error_message = "functions: more than one request at a time needs at least one CPU."
  }
  validation {
    condition = alltrue([
      for f in values(var.functions) :
      f.max_instances >= 1 && f.max_instances <= 100 && f.min_instances >= 0 && f.min_instances <= f.max_instances
    ])
    error_message = "functions: max_instances must be from 1 to 100, and min_instances no more than that."
  }
  validation {
    condition     = alltrue([for f in values(var.functions) : f.memory_mib >= 256 && f.concurrency >= 1])
    error_message = "functions: at least 256 MiB, and a concurrency of at least 1."
  }
}

variable "input_project" {
  description = <<-EOT
    Project whose input tables are read, through views, instead of this one's: for a staging or shadow deployment
    beside production.
  EOT
  type        = string
  default     = null

  validation {
    condition     = var.input_project == null || can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.input_project))
    error_message = "input_project: a project id."
  }
}

variable "input_views" {
  description = <<-EOT
    Own queries for views of inputs, by view: the path of an SQL file, seen from this folder, such as
    `{ prop_lines_input = "sql/prop_lines_input.sql" }`. The columns are a contract (docs/data.md).
  EOT
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for name in keys(var.input_views) : contains(["prop_lines_input", "game_schedule_input"], name)])
    error_message = "input_views: a query for prop_lines_input or game_schedule_input."
  }
  validation {
    condition     = alltrue([for sql in values(var.input_views) : can(file("${path.module}/${sql}"))])
    error_message = "input_views: the path of an SQL file, seen from the folder of this configuration."
  }
}

variable "input_view_datasets" {
  description = "Datasets of upstream that the queries in `input_views` read beyond the input tables, such as `nba_raw`: functions and operators may read them."
  type        = set(string)
  default     = []
  nullable    = false
}

variable "name" {
  description = "Goes before the names of functions, accounts and secrets."
  type        = string
  default     = "regen"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9]{2,9}$", var.name))
    error_message = "name: 3 to 10 lower-case letters and digits, a letter first."
  }
}

variable "notification_channels" {
  description = "Full names of notification channels that exist already, such as a chat or a pager: `projects/P/notificationChannels/123`."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for c in var.notification_channels : can(regex("^projects/[^/]+/notificationChannels/[0-9]+$", c))])
    error_message = "notification_channels: full names, as `gcloud beta monitoring channels list --format='value(name)'` prints them."
  }
}

variable "operators" {
  description = <<-EOT
    IAM members who use the command line, such as `group:data@example.com`: they may read tables, logs and what is
    deployed, and call a coordinator that is not public. The administrator who applies gives each of them an API key.
  EOT
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for m in var.operators : can(regex("^(user|group|serviceAccount|domain):", m))])
    error_message = "operators: each begins with user:, group:, serviceAccount: or domain:."
  }
}

variable "paused_schedules" {
  description = "Names of schedules that are created paused, such as `regen-start` in a shadow run."
  type        = set(string)
  default     = []
  nullable    = false
}

variable "project_id" {
  description = "The project. One deployment has one project: topics and the Firestore database have fixed names."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project_id))
    error_message = "project_id: 6 to 30 lower-case letters, digits and hyphens."
  }
}

variable "protect" {
  description = "Refuse to delete tables and the Firestore database. Apply with false before a teardown."
  type        = bool
  default     = true
  nullable    = false
}

variable "region" {
  description = "Region of functions, messages, schedules and sources."
  type        = string
  default     = "us-central1"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]+-[a-z]+[0-9]+$", var.region))
    error_message = "region: such as us-central1."
  }
}

variable "maximum_bytes_billed" {
  description = "Bytes that one query may bill; null for the default of settings.json. BigQuery refuses a query that would bill more, without a charge."
  type        = number
  default     = null

  validation {
    condition = var.maximum_bytes_billed == null || try(
      var.maximum_bytes_billed >= local.settings.REGEN_MAXIMUM_BYTES_BILLED.minimum &&
      var.maximum_bytes_billed <= local.settings.REGEN_MAXIMUM_BYTES_BILLED.maximum &&
      floor(var.maximum_bytes_billed) == var.maximum_bytes_billed,
    false)
    error_message = "maximum_bytes_billed: a whole number from ${local.settings.REGEN_MAXIMUM_BYTES_BILLED.minimum} (what BigQuery bills at least for a table) to ${local.settings.REGEN_MAXIMUM_BYTES_BILLED.maximum}."
  }
}

variable "settings" {
  description = <<-EOT
    Numbers and lists that the functions read, such as `{ lease_seconds = 60, systems = ["ensemble_v1"] }`. Names, bounds and
    defaults are the rows of src/regen/settings.json whose `terraform` begins with `settings.`; docs/operations.md lists them.
  EOT
  type        = any
  default     = {}
  nullable    = false

  validation {
    condition     = length(setsubtract([for name, value in var.settings : "settings.${name}"], [for row in local.settings : try(row.terraform, "")])) == 0
    error_message = "settings: no such setting: ${join(", ", [for name, value in var.settings : name if !contains([for row in local.settings : try(row.terraform, "")], "settings.${name}")])}."
  }
  validation {
    condition = alltrue([
      for row in local.settings : try(
        var.settings[trimprefix(row.terraform, "settings.")] >= row.minimum &&
        var.settings[trimprefix(row.terraform, "settings.")] <= row.maximum,
      false)
      if contains(["number", "whole"], row.type) && try(var.settings[trimprefix(row.terraform, "settings.")], null) != null
    ])
    error_message = "settings: outside its bounds: ${join("; ", [
      for row in local.settings : "${trimprefix(row.terraform, "settings.")} is from ${row.minimum} to ${row.maximum}"
      if contains(["number", "whole"], row.type) && try(var.settings[trimprefix(row.terraform, "settings.")], null) != null && !try(
        var.settings[trimprefix(row.terraform, "settings.")] >= row.minimum &&
        var.settings[trimprefix(row.terraform, "settings.")] <= row.maximum,
      false)
    ])}."
  }
  validation {
    condition = alltrue([
      for row in local.settings : try(floor(var.settings[trimprefix(row.terraform, "settings.")]) == tonumber(var.settings[trimprefix(row.terraform, "settings.")]), false)
      if row.type == "whole" && try(var.settings[trimprefix(row.terraform, "settings.")], null) != null
    ])
    error_message = "settings: not a whole number: ${join(", ", [
      for row in local.settings : trimprefix(row.terraform, "settings.")
      if row.type == "whole" && try(var.settings[trimprefix(row.terraform, "settings.")], null) != null &&
      !try(floor(var.settings[trimprefix(row.terraform, "settings.")]) == tonumber(var.settings[trimprefix(row.terraform, "settings.")]), false)
    ])}."
  }
  validation {
    condition = alltrue([
      for row in local.settings : can(tolist([for word in var.settings[trimprefix(row.terraform, "settings.")] : tostring(word)]))
      if row.type == "words" && try(var.settings[trimprefix(row.terraform, "settings.")], null) != null
    ])
    error_message = "settings: expected a list of words: ${join(", ", [for row in local.settings : trimprefix(row.terraform, "settings.") if row.type == "words" && can(row.terraform)])}."
  }
  validation {
    condition     = coalesce(try(var.settings.lease_seconds, null), local.settings.REGEN_LEASE_SECONDS.default) < coalesce(try(var.settings.deadline_seconds, null), local.settings.REGEN_DEADLINE_SECONDS.default)
    error_message = "settings: a lease must be shorter than a batch's deadline."
  }
  validation {
    condition     = coalesce(try(var.settings.republish_after_seconds, null), local.settings.REGEN_REPUBLISH_AFTER_SECONDS.default) >= var.functions.worker.ack_deadline_seconds
    error_message = "settings: a request must not be published again while its worker may be at it: republish_after_seconds is less than the worker's ack_deadline_seconds."
  }
}

variable "snapshot_days" {
  description = "Days for which a daily snapshot of the tables is kept."
  type        = number
  default     = 14
  nullable    = false

  validation {
    condition     = var.snapshot_days >= 8 && var.snapshot_days <= 365 && floor(var.snapshot_days) == var.snapshot_days
    error_message = "snapshot_days: a whole number from 8 to 365; the last seven days are BigQuery's own to give back."
  }
}

variable "tracing" {
  description = "`otlp` sends spans to Cloud Trace; `off` sends none; null for the default of settings.json (off). Log lines of one batch share a trace either way."
  type        = string
  default     = null

  validation {
    condition     = var.tracing == null || contains(local.settings.REGEN_TRACING.values, coalesce(var.tracing, "-"))
    error_message = "tracing: ${join(" or ", local.settings.REGEN_TRACING.values)}."
  }
}

variable "webhook" {
  description = "Whether alerts also go to a chat webhook, whose address is in the secret `<name>-webhook-url`."
  type        = bool
  default     = false
  nullable    = false
}

variable "webhook_format" {
  description = "What the webhook takes: `slack`, `teams`, `pagerduty` or `json`; null for the default of settings.json (slack). PagerDuty's address in the secret has the key: https://events.pagerduty.com/v2/enqueue?routing_key=KEY."
  type        = string
  default     = null

  validation {
    condition     = var.webhook_format == null || contains(local.settings.REGEN_WEBHOOK_FORMAT.values, coalesce(var.webhook_format, "-"))
    error_message = "webhook_format: ${join(" or ", local.settings.REGEN_WEBHOOK_FORMAT.values)}."
  }
}

variable "runbook_url" {
  description = "Address of docs/operations.md, as your people reach it; alerts link to their heading there. Null: the file's name alone."
  type        = string
  default     = null

  validation {
    condition     = var.runbook_url == null || can(regex("^https://[!-~]+$", var.runbook_url))
    error_message = "runbook_url: an address that begins with https://."
  }
}

variable "console_url" {
  description = "Address of the console; messages of the webhook link to the batch or date there. Null: that of `console`, or no link."
  type        = string
  default     = null

  validation {
    condition     = var.console_url == null || can(regex("^https://[!-~]+$", var.console_url))
    error_message = "console_url: an address that begins with https://."
  }
}
