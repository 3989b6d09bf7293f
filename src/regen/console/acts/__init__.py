"""The pages that act: each order is shown with the coordinator's own dry run before it can be given."""
