variable "refit" {
  description = "Whether a Cloud Run job fits the models anew each week, and publishes what passes the gate (docs/models.md)."
  type        = bool
  default     = false
  nullable    = false

  validation {
    condition     = !var.refit || var.refit_image != null
    error_message = "refit: needs refit_image: build it first, docs/models.md says how."
  }
}

variable "refit_image" {
  description = "Image of the refit, by its digest: `REGION-docker.pkg.dev/PROJECT/REPOSITORY/refit@sha256:...` (docs/models.md says how it is built)."
  type        = string
  default     = null

  validation {
    condition     = var.refit_image == null || can(regex("^[a-z0-9.-]+/[a-z0-9._/-]+(@sha256:[0-9a-f]{64}|:[A-Za-z0-9_.-]+)$", var.refit_image))
    error_message = "refit_image: an image with its tag or its digest."
  }
}

variable "refit_schedule" {
  description = "When it runs, as cron in US Eastern time. The games of the day before must be in the tables."
  type        = string
  default     = "0 11 * * 1"
  nullable    = false

  validation {
    condition     = can(regex("^([^ ]+ ){4}[^ ]+$", var.refit_schedule))
    error_message = "refit_schedule: five fields, such as `0 11 * * 1`."
  }
}

variable "refit_features" {
  description = "Version of the features whose model is fitted: `regen_v2` where upstream's tables are adopted, `regen_v1` otherwise."
  type        = string
  default     = "regen_v1"
  nullable    = false

  validation {
    condition     = contains(["regen_v1", "regen_v2"], var.refit_features)
    error_message = "refit_features: regen_v1 or regen_v2."
  }
}

variable "refit_uses" {
  description = "Whether a model that passes the gate is also used, from the next batch on. Otherwise it waits, published, for `regen models use`."
  type        = bool
  default     = false
  nullable    = false
}
